/** What a server says that will be able to again: full, loading, a replica, a slot without a node, a slow script, … */
const FOR_NOW = /^(OOM|READONLY|LOADING|MISCONF|NOREPLICAS|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY)\b/;

/** The server cannot do it for now. */
export function isForNow(error: unknown): boolean {
  const { message } = error as Error;
  return FOR_NOW.test(message) || message.startsWith('Too many Cluster redirections');
}

/** This server is none to write to any more: another one is. */
export function isDemoted(error: unknown): boolean {
  return /^READONLY\b/.test((error as Error).message);
}

/**
 * The error without what ioredis hangs on it: the command with all its arguments, which are results, and a password where
 * it was the login that failed.
 */
export function plainError(error: unknown): Error {
  const source = error instanceof Error ? error : new Error(String(error));
  // Node tells of several addresses that refused a connection by an error without a message.
  const [first] = source instanceof AggregateError ? (source.errors as unknown[]) : [];
  const told = source.message === '' && first instanceof Error ? first : source;
  const plain = new Error(told.message);
  plain.name = source.name;
  if (source.stack !== undefined) plain.stack = source.stack;
  const { code } = told as NodeJS.ErrnoException;
  return code === undefined ? plain : Object.assign(plain, { code });
}
