/** Refusals by a server that cannot be worked with for now, whatever the command: a replica, one that loads its data, a node that gave its keys away, … */
const UNUSABLE =
  /^(READONLY|LOADING|MISCONF|NOREPLICAS|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY|NOAUTH|UNBLOCKED|MOVED|ASK)\b/;

/**
 * The error without what ioredis hangs on it: the command with all its arguments, which are messages, and a password
 * where it was the login that failed.
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

/** Why a server said no; of a transaction the reason behind its end. */
export function reasonOf(error: unknown): string {
  const { message, previousErrors } = error as Error & { previousErrors?: readonly Error[] };
  return message.startsWith('EXECABORT') ? (previousErrors?.[0]?.message ?? message) : message;
}

/** The server is there, can be worked with, and says no to this command: out of memory, not allowed, wrong type. */
export function isRefusal(error: unknown): boolean {
  return (error as Error).name === 'ReplyError' && !UNUSABLE.test(reasonOf(error));
}

export function isOutOfMemory(error: unknown): boolean {
  return /^OOM\b/.test(reasonOf(error));
}

/** The server does not let this user do it. */
export function isForbidden(error: unknown): boolean {
  return /^NOPERM\b/.test(reasonOf(error));
}
