/**
 * Redis as a result store, with the keys and fields that Celery uses.
 *
 * @packageDocumentation
 */
import { assertKnownOptions } from '@pool/message';
import type { ResultStore } from '@pool/results';
import { RedisResultStore } from './redis-result-store.js';
import { REDIS_RESULT_STORE_OPTION_NAMES, type RedisResultStoreOptions } from './redis-store-options.js';

export type { RedisResultStoreOptions } from './redis-store-options.js';

/**
 * Makes a result store, not yet connected. URLs: `redis://user:password@host:port/db`, `rediss://` with TLS,
 * `redis+socket:///path?virtual_host=db`, `sentinel://host:port;sentinel://host:port` with the option `masterName`.
 *
 * @throws {TypeError} an option is unknown or wrong
 */
export default function createResultStore(url: string, options: RedisResultStoreOptions = {}): ResultStore {
  assertKnownOptions('the Redis result store', options, REDIS_RESULT_STORE_OPTION_NAMES);
  return new RedisResultStore(url, options);
}
