import { readFileSync } from 'node:fs';
import { maskUrl, ResultStoreError } from '@pool/results';
import type { RedisOptions } from 'ioredis';
import type { RedisResultStoreOptions } from './redis-store-options.js';

/** ioredis's options less one that decides its types. */
export type ClientOptions = Omit<RedisOptions, 'replyMapping'>;

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
    ...tlsOf(url, options),
  };
  if (url.protocol === 'socket:') {
    const db = database(url.searchParams.get('virtual_host') ?? '');
    return { nodes, options: { ...common, path: decodeURIComponent(url.pathname), db } };
  }
  const db = database(url.pathname.slice(1));
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

/** `rediss://`, or TLS by option; the URL's query may say what Celery's says. */
function tlsOf({ protocol, searchParams }: URL, { tls }: RedisResultStoreOptions): ClientOptions {
  if (protocol !== 'rediss:' && tls === undefined) return {};
  const file = (name: string): Buffer | undefined => {
    const path = searchParams.get(name);
    return path === null ? undefined : readFileSync(path);
  };
  const [ca, cert, key] = [file('ssl_ca_certs'), file('ssl_certfile'), file('ssl_keyfile')];
  const required = searchParams.get('ssl_cert_reqs') ?? 'required';
  if (!/^(CERT_)?(NONE|OPTIONAL|REQUIRED)$/i.test(required))
    throw new TypeError(`ssl_cert_reqs is none, optional or required, not ${JSON.stringify(required)}`);
  return {
    tls: {
      ...(ca && { ca }),
      ...(cert && { cert }),
      ...(key && { key }),
      ...(/NONE$/i.test(required) && { rejectUnauthorized: false }),
      ...tls,
    },
  };
}

function database(text: string): number {
  const db = Number(text);
  if (!Number.isInteger(db) || db < 0)
    throw new TypeError(`a Redis database is a number, not ${JSON.stringify(text)}`);
  return db;
}
