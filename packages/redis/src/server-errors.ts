/** What a server says that will be able to again, whatever the command: a replica, one that loads its data, … */
const UNABLE = /^(READONLY|LOADING|MISCONF|NOREPLICAS|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY)\b/;

/** The codes of errors about a certificate. */
const CERTIFICATE = /CERT|SIGNATURE|^SELF_SIGNED/;

/** Whether this reason is one of a server that can do nothing for now, and will be able to again. */
export function isUnableForNow(reason: string): boolean {
  return UNABLE.test(reason);
}

/**
 * The error without what ioredis hangs on it: the command with all its arguments, which are messages and results, and a
 * password where it was the login that failed.
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

/** The server's certificate is not one to trust. */
export function isCertificateError({ code = '' }: NodeJS.ErrnoException): boolean {
  return CERTIFICATE.test(code);
}

/** What to do about a certificate that is not trusted, to be put behind the error's message; empty for other errors. */
export function certificateHint(error: NodeJS.ErrnoException): string {
  if (error.code === 'ERR_TLS_CERT_ALTNAME_INVALID') return '; the certificate is for another host';
  return isCertificateError(error)
    ? '; trust the issuer of its certificate with the option tls: { ca }, or ssl_ca_certs in the URL'
    : '';
}
