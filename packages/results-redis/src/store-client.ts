import { maskUrl, ResultStoreError } from '@pool/results';
import { Redis, type RedisOptions } from 'ioredis';
import type { RedisResultStoreOptions } from './redis-store-options.js';
import { ADD_PART, PROGRESS, STORE } from './scripts.js';

/** A connection with our scripts as commands. */
export type StoreClient = Redis & {
  poolStore(numberOfKeys: number, ...rest: (string | number | Buffer)[]): Promise<number>;
  poolAddPart(
    numberOfKeys: number,
    ...rest: (string | number | Buffer)[]
  ): Promise<[number, string | null, number]>;
  poolProgress(numberOfKeys: number, ...rest: (string | number)[]): Promise<[number, string | null, number]>;
};

type ClientOptions = Omit<RedisOptions, 'replyMapping'>;

/**
 * A client that is not connected yet. Once connected it reconnects by itself, and what is written meanwhile waits: an
 * outage of the store delays results, it does not lose them.
 */
export function createStoreClient(url: string, options: RedisResultStoreOptions): StoreClient {
  const client = new Redis({
    lazyConnect: true,
    maxRetriesPerRequest: null,
    retryStrategy: (attempt) => Math.min(5000, 50 * 2 ** Math.min(attempt, 10)),
    connectTimeout: (options.connectTimeout ?? 10) * 1000,
    keepAlive: 10_000,
    noDelay: true,
    protocol: 2,
    connectionName: 'pool.results',
    ...addressOf(url, options),
    ...options.client,
  });
  client.defineCommand('poolStore', { lua: STORE });
  client.defineCommand('poolAddPart', { lua: ADD_PART });
  client.defineCommand('poolProgress', { lua: PROGRESS });
  // Told by every command that fails; without a listener ioredis prints it.
  client.on('error', () => {});
  return client as unknown as StoreClient;
}

function addressOf(text: string, options: RedisResultStoreOptions): ClientOptions {
  const [first = '', ...others] = text.split(';');
  let url: URL;
  try {
    url = new URL(first.replace(/^redis\+socket:/, 'socket:'));
  } catch {
    throw new ResultStoreError(`the result backend ${maskUrl(first)} does not parse as a URL`);
  }
  const common: ClientOptions = {
    ...(url.username === '' ? {} : { username: decodeURIComponent(url.username) }),
    ...(url.password === '' ? {} : { password: decodeURIComponent(url.password) }),
    ...(url.protocol === 'rediss:' ? { tls: options.tls ?? {} } : {}),
  };
  if (url.protocol === 'socket:') {
    return {
      ...common,
      path: decodeURIComponent(url.pathname),
      db: database(url.searchParams.get('virtual_host') ?? ''),
    };
  }
  const db = database(url.pathname.slice(1));
  if (url.protocol !== 'sentinel:') {
    return {
      ...common,
      db,
      host: url.hostname.replace(/^\[|\]$/g, '') || '127.0.0.1',
      port: Number(url.port || 6379),
    };
  }
  const nodes = [
    url,
    ...others.map((other) => new URL(other.includes('://') ? other : `sentinel://${other}`)),
  ];
  return {
    ...common,
    db,
    name: options.masterName ?? 'mymaster',
    sentinels: nodes.map(({ hostname, port }) => ({
      host: hostname || '127.0.0.1',
      port: Number(port || 26_379),
    })),
  };
}

function database(text: string): number {
  const db = Number(text);
  if (!Number.isInteger(db) || db < 0)
    throw new TypeError(`a Redis database is a number, not ${JSON.stringify(text)}`);
  return db;
}
