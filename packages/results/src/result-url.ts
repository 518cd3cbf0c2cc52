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

/** The URL with `**` for its password, for logs. */
export function maskUrl(url: string): string {
  return url.replace(/^([^:/?#]+:\/\/[^/?#@]*?:)[^/?#]*(?=@)/, '$1**');
}
