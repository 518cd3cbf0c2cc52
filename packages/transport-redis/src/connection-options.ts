import { type ClientOptions, databaseNumber, tlsOptions } from '@pool/redis';
import type { BrokerUrl } from '@pool/transport';
import type { ResolvedRedisOptions } from './redis-options.js';

/** How long a connection that is given up may take to say goodbye, in milliseconds; a silent server never does. */
const GOODBYE = 100;

/** The number of the database a URL names. */
export function databaseOf(url: BrokerUrl): number {
  return databaseNumber(url.scheme === 'redis+socket' ? (url.query['virtual_host'] ?? '') : url.path);
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
    ...tlsOptions(url.scheme === 'rediss', (name) => url.query[name], options.tls),
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
    sentinels: urls.map(sentinelOf),
    name: options.masterName,
    sentinelRetryStrategy: () => null,
    // Of the servers; sentinels have `client.sentinelTLS`.
    enableTLSForSentinelMode: options.tls !== undefined,
  };
}

export function sentinelOf({ host, port }: BrokerUrl): { host: string; port: number } {
  return { host: host || '127.0.0.1', port: port ?? 26_379 };
}

export function nodeOf({ host, port }: BrokerUrl): { host: string; port: number } {
  return { host: host || '127.0.0.1', port: port ?? 6379 };
}
