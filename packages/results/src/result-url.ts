import { ResultStoreNotFoundError } from './errors.js';

const packageByScheme: ReadonlyMap<string, string> = new Map([
  ['redis', '@pool/results-redis'],
  ['rediss', '@pool/results-redis'],
  ['redis+socket', '@pool/results-redis'],
  ['sentinel', '@pool/results-redis'],
  ['rpc', '@pool/results-rpc'],
  ['filesystem', '@pool/results-filesystem'],
  ['file', '@pool/results-filesystem'],
]);

/** The scheme of a result store's URL: `redis` of `redis://…`. Throws for text that is no URL, without repeating it. */
export function schemeOf(url: string): string {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1];
  if (!scheme)
    throw new ResultStoreNotFoundError('the result backend must be a URL such as redis://localhost:6379/0');
  return scheme.toLowerCase();
}

/**
 * The npm package that serves a URL. An unknown scheme `x` is served by the package `pool-results-x`, or by what
 * `packages` names for it.
 */
export function resultPackageFor(url: string, packages: Readonly<Record<string, string>> = {}): string {
  const scheme = schemeOf(url);
  if (Object.hasOwn(packages, scheme)) return packages[scheme] as string;
  return packageByScheme.get(scheme) ?? `pool-results-${scheme.replaceAll(/[^a-z0-9]+/g, '-')}`;
}

/**
 * A URL, or several separated by `;`, with `**` for passwords and other secrets, for logs. Of text that is no URL nothing
 * is left that could be a secret.
 */
export function maskUrl(url: string): string {
  return url.split(';').map(maskOne).join(';');
}

function maskOne(url: string): string {
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9+.-]*:\/\/|)(.*)$/is.exec(url.trim()) ?? [];
  // A password may hold an @ or a / that should have been encoded.
  const at = rest.lastIndexOf('@');
  const login = at < 0 ? '' : rest.slice(0, at);
  const colon = login.indexOf(':');
  const user = colon < 0 ? login : `${login.slice(0, colon)}:**`;
  const place = rest
    .slice(at + 1)
    .replace(/([?&](?:[^=&]*(?:pass|secret|token|credential)[^=&]*|[^=&]*key)=)[^&]*/gi, '$1**');
  return `${scheme}${user}${at < 0 ? '' : '@'}${place}`;
}
