import { type ClientOptions, databaseNumber, tlsOptions } from '@pool/redis';
import { maskUrl, ResultStoreError } from '@pool/results';
import type { RedisResultStoreOptions } from './redis-store-options.js';

/** Where the URL of a store leads: one place, or the nodes of a cluster. */
export interface StoreAddress {
  readonly options: ClientOptions;
  readonly nodes: { host: string; port: number }[];
}

/** Reads a URL, or several separated by `;`. @throws {ResultStoreError} */
export function addressOf(text: string, options: RedisResultStoreOptions): StoreAddress {
  const [url, ...others] = text
    .split(';')
    .filter((part) => part.trim() !== '')
    .map((part, i) => parse(i > 0 && !part.includes('://') ? `redis://${part}` : part));
  if (url === undefined) throw new ResultStoreError('the result backend has no URL');
  const nodes = [url, ...others].map(({ hostname, port }) => ({
    host: hostname.replace(/^\[|\]$/g, '') || '127.0.0.1',
    port: Number(port || (url.protocol === 'sentinel:' ? 26_379 : 6379)),
  }));
  const common: ClientOptions = {
    ...(url.username === '' ? {} : { username: decodeURIComponent(url.username) }),
    ...(url.password === '' ? {} : { password: decodeURIComponent(url.password) }),
    ...tlsOptions(url.protocol === 'rediss:', (name) => url.searchParams.get(name), options.tls),
  };
  if (url.protocol === 'socket:') {
    const db = databaseNumber(url.searchParams.get('virtual_host') ?? '');
    return { nodes, options: { ...common, path: decodeURIComponent(url.pathname), db } };
  }
  const db = databaseNumber(url.pathname.slice(1));
  if (url.protocol !== 'sentinel:') return { nodes, options: { ...common, db, ...nodes[0] } };
  return {
    nodes,
    options: {
      ...common,
      db,
      name: options.masterName ?? 'mymaster',
      sentinels: nodes,
      // Of the servers; sentinels have `client.sentinelTLS`.
      enableTLSForSentinelMode: options.tls !== undefined,
    },
  };
}

function parse(text: string): URL {
  try {
    // A path has no host; with a password before it, it needs one to be a URL.
    return new URL(text.trim().replace(/^(?:redis\+)?socket:\/\/([^/@]*@)?\//i, 'socket://$1localhost/'));
  } catch {
    throw new ResultStoreError(
      `the result backend ${maskUrl(text)} does not parse as a URL (a special character in a password must be percent-encoded)`,
    );
  }
}
