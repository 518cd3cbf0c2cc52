import { type BrokerUrl, ConnectionError } from '@pool/transport';
import { Cluster, type ClusterNode, Redis, type RedisOptions } from 'ioredis';
import type { ResolvedRedisOptions } from './redis-options.js';
import { COUNT, FORGET, MOVE, RENEW, TAKE, UNLOCK } from './scripts.js';

/** A connection with our scripts as commands. */
export type Client = (Redis | Cluster) & {
  poolTake(numberOfKeys: number, ...rest: (string | number)[]): Promise<(string | number)[]>;
  poolCount(numberOfKeys: number, ...keys: string[]): Promise<number>;
  poolForget(numberOfKeys: number, ...rest: (string | number)[]): Promise<number[]>;
  poolMove(numberOfKeys: number, ...rest: (string | number)[]): Promise<number[]>;
  poolRenew(numberOfKeys: number, ...rest: (string | number)[]): Promise<number[]>;
  poolUnlock(numberOfKeys: number, ...rest: string[]): Promise<number>;
};

/** ioredis's options less one that decides its types. */
type ClientOptions = Omit<RedisOptions, 'replyMapping'>;

/** Two connections to one server: one for commands, one that listens. */
export interface Clients {
  readonly commands: Client;
  readonly listener: Client;
}

/** The number of the database a URL names. */
export function databaseOf(url: BrokerUrl): number {
  const text = url.scheme === 'redis+socket' ? (url.query['virtual_host'] ?? '0') : url.path;
  const db = text === '' ? 0 : Number(text);
  if (!Number.isInteger(db) || db < 0)
    throw new TypeError(`a Redis database is a number, not ${JSON.stringify(text)}`);
  return db;
}

/** Opens both connections; `onLost` is called once when either is lost after that. */
export async function openClients(
  url: BrokerUrl,
  urls: readonly BrokerUrl[],
  options: ResolvedRedisOptions,
  name: string,
  onLost: (error: Error) => void,
  signal: AbortSignal,
): Promise<Clients> {
  const commands = createClient(url, urls, options, name);
  const listener = createClient(url, urls, options, `${name}.listener`);
  let open = false;
  let failure: Error | undefined;
  const abandon = (): void => {
    commands.disconnect();
    listener.disconnect();
  };
  signal.addEventListener('abort', abandon, { once: true });
  for (const client of [commands, listener]) {
    client.on('error', (error: Error) => {
      failure = error;
    });
    client.on('close', () => {
      if (!open) return;
      open = false;
      abandon();
      onLost(new ConnectionError(`the connection to ${url} was lost${why(failure)}`, { cause: failure }));
    });
  }
  try {
    await Promise.all([commands.connect(), listener.connect()]);
    open = true;
    return { commands, listener };
  } catch (error) {
    abandon();
    const cause = failure ?? error;
    throw new ConnectionError(`cannot connect to ${url}${why(cause as Error)}`, { cause });
  } finally {
    signal.removeEventListener('abort', abandon);
  }
}

function why(error: Error | undefined): string {
  return error === undefined ? '' : `: ${error.message}`;
}

function createClient(
  url: BrokerUrl,
  urls: readonly BrokerUrl[],
  options: ResolvedRedisOptions,
  connectionName: string,
): Client {
  const password = url.password();
  const common: ClientOptions = {
    lazyConnect: true,
    // The transport reconnects: it has to declare and to consume again.
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    autoResubscribe: false,
    connectTimeout: options.connectTimeout * 1000,
    keepAlive: 10_000,
    noDelay: true,
    // The listener is woken by messages of RESP2's subscribe mode.
    protocol: 2,
    connectionName,
    db: databaseOf(url),
    ...(url.username === undefined ? {} : { username: url.username }),
    ...(password === undefined ? {} : { password }),
    ...(url.scheme === 'rediss' ? { tls: options.tls ?? {} } : {}),
    ...options.client,
  };
  const client = options.cluster
    ? new Cluster(urls.map(nodeOf), {
        ...options.client,
        lazyConnect: true,
        clusterRetryStrategy: () => null,
        enableOfflineQueue: false,
        redisOptions: common,
      })
    : new Redis({ ...common, ...addressOf(url, urls, options) });
  client.defineCommand('poolTake', { lua: TAKE });
  client.defineCommand('poolCount', { lua: COUNT });
  client.defineCommand('poolForget', { lua: FORGET });
  client.defineCommand('poolMove', { lua: MOVE });
  client.defineCommand('poolRenew', { lua: RENEW });
  client.defineCommand('poolUnlock', { lua: UNLOCK });
  return client as unknown as Client;
}

function addressOf(url: BrokerUrl, urls: readonly BrokerUrl[], options: ResolvedRedisOptions): ClientOptions {
  if (url.scheme === 'redis+socket') return { path: url.path };
  if (url.scheme === 'sentinel') {
    return {
      sentinels: urls.map(({ host, port }) => ({ host: host || '127.0.0.1', port: port ?? 26_379 })),
      name: options.masterName,
      sentinelRetryStrategy: () => null,
    };
  }
  return nodeOf(url);
}

function nodeOf(url: BrokerUrl): ClusterNode & { host: string; port: number } {
  return { host: url.host || '127.0.0.1', port: url.port ?? 6379 };
}
