import { readFileSync } from 'node:fs';
import type { BrokerUrl } from '@pool/transport';
import type { RedisOptions } from 'ioredis';
import type { ResolvedRedisOptions } from './redis-options.js';

/** ioredis's options less one that decides its types. */
export type ClientOptions = Omit<RedisOptions, 'replyMapping'>;

/** How long a connection that is given up may take to say goodbye, in milliseconds; a silent server never does. */
const GOODBYE = 100;

/** The number of the database a URL names. */
export function databaseOf(url: BrokerUrl): number {
  const text = url.scheme === 'redis+socket' ? (url.query['virtual_host'] ?? '0') : url.path;
  const db = text === '' ? 0 : Number(text);
  if (!Number.isInteger(db) || db < 0)
    throw new TypeError(`a Redis database is a number, not ${JSON.stringify(text)}`);
  return db;
}

/** What all connections have in common, wherever they lead. */
export function connectionOptions(url: BrokerUrl, options: ResolvedRedisOptions): ClientOptions {
  const password = url.password();
  return {
    lazyConnect: true,
    // The transport reconnects: it has to declare and to consume again.
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    autoResubscribe: false,
    // Joining the holders proves more: that the server can be written to.
    enableReadyCheck: false,
    connectTimeout: options.connectTimeout * 1000,
    disconnectTimeout: GOODBYE,
    keepAlive: 10_000,
    noDelay: true,
    // The listener is woken by messages of RESP2's subscribe mode.
    protocol: 2,
    db: databaseOf(url),
    ...(url.username === undefined ? {} : { username: url.username }),
    ...(password === undefined ? {} : { password }),
    ...tlsOf(url, options),
    ...options.client,
  };
}

/** Where a connection leads, unless it leads to a cluster. */
export function addressOf(
  url: BrokerUrl,
  urls: readonly BrokerUrl[],
  options: ResolvedRedisOptions,
): ClientOptions {
  if (url.scheme === 'redis+socket') return { path: url.path };
  if (url.scheme !== 'sentinel') return nodeOf(url);
  return {
    sentinels: urls.map(({ host, port }) => ({ host: host || '127.0.0.1', port: port ?? 26_379 })),
    name: options.masterName,
    sentinelRetryStrategy: () => null,
    // Of the servers; sentinels have `client.sentinelTLS`.
    enableTLSForSentinelMode: options.tls !== undefined,
  };
}

export function nodeOf({ host, port }: BrokerUrl): { host: string; port: number } {
  return { host: host || '127.0.0.1', port: port ?? 6379 };
}

/** `rediss://`, or TLS by option; the URL's query may say what Celery's says. */
function tlsOf({ scheme, query }: BrokerUrl, { tls }: ResolvedRedisOptions): ClientOptions {
  if (scheme !== 'rediss' && tls === undefined) return {};
  const ca = query['ssl_ca_certs'];
  const cert = query['ssl_certfile'];
  const key = query['ssl_keyfile'];
  const required = query['ssl_cert_reqs'];
  if (required !== undefined && !/^(CERT_)?(NONE|OPTIONAL|REQUIRED)$/i.test(required))
    throw new TypeError(`ssl_cert_reqs is none, optional or required, not ${JSON.stringify(required)}`);
  return {
    tls: {
      ...(ca === undefined ? {} : { ca: readFileSync(ca) }),
      ...(cert === undefined ? {} : { cert: readFileSync(cert) }),
      ...(key === undefined ? {} : { key: readFileSync(key) }),
      ...(/NONE$/i.test(required ?? '') ? { rejectUnauthorized: false } : {}),
      ...tls,
    },
  };
}
