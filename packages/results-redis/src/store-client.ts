import { type ClientOptions, endClient } from '@pool/redis';
import { retryDelay } from '@pool/results';
import { Cluster, Redis } from 'ioredis';
import type { RedisResultStoreOptions } from './redis-store-options.js';
import { ADD_PART, PROBE, PROGRESS } from './scripts.js';
import { addressOf } from './store-address.js';

/** A connection with our scripts as commands. */
export type StoreClient = (Redis | Cluster) & {
  poolAddPart(
    numberOfKeys: number,
    ...rest: (string | number | Buffer)[]
  ): Promise<[number, string | null, number]>;
  poolProgress(numberOfKeys: number, ...rest: (string | number)[]): Promise<[number, string | null, number]>;
  poolProbe(numberOfKeys: number, ...keys: string[]): Promise<string[]>;
};

/**
 * A client that is not connected yet. Once connected (or from the beginning, if it `insists`) it reconnects by itself, and
 * what is written meanwhile waits: an outage of the store delays results, it does not lose them.
 */
export function createStoreClient(
  url: string,
  options: RedisResultStoreOptions,
  insists = false,
): StoreClient {
  const { connectTimeout = 10, socketTimeout = 30 } = options;
  const { nodes, options: address } = addressOf(url, options);
  let opened = insists;
  const common: ClientOptions = {
    lazyConnect: true,
    maxRetriesPerRequest: null,
    retryStrategy: retryDelay,
    // Who cannot reach any sentinel at first is told; later they are waited for.
    sentinelRetryStrategy: (attempt) => (opened ? retryDelay(attempt) : null),
    connectTimeout: connectTimeout * 1000,
    socketTimeout: socketTimeout * 1000,
    // A server that is not ready says so, and is asked again.
    enableReadyCheck: false,
    keepAlive: 10_000,
    noDelay: true,
    protocol: 2,
    connectionName: 'pool.results',
    ...address,
    ...options.client,
  };
  const client = options.cluster
    ? new Cluster(nodes, {
        ...options.client,
        lazyConnect: true,
        clusterRetryStrategy: retryDelay,
        redisOptions: common,
      })
    : new Redis(common);
  client.once('ready', () => {
    opened = true;
  });
  client.defineCommand('poolAddPart', { lua: ADD_PART });
  client.defineCommand('poolProgress', { lua: PROGRESS });
  client.defineCommand('poolProbe', { lua: PROBE });
  // Told by every command that fails; without a listener ioredis prints it.
  client.on('error', () => {});
  return client as unknown as StoreClient;
}

/** Why a cluster cannot be used, of which ioredis says only that none of its nodes would do: a node is asked. */
export async function clusterFailure(
  error: unknown,
  url: string,
  options: RedisResultStoreOptions,
): Promise<unknown> {
  const { lastNodeError } = error as { lastNodeError?: Error };
  if (lastNodeError?.name === 'ReplyError') return lastNodeError;
  const client = { ...options.client, retryStrategy: () => null };
  const node = createStoreClient(url, { ...options, cluster: false, client });
  let failure: unknown;
  node.on('error', (told: unknown) => {
    failure = told;
  });
  await node.connect().catch(() => {});
  endClient(node);
  return failure ?? error;
}
