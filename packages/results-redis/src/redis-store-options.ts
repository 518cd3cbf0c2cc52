import type { OptionNames } from '@pool/message';
import { assertHashTag, REDIS_SERVER_OPTION_NAMES, type RedisServerOptions } from '@pool/redis';
import { RESULT_STORE_OPTION_NAMES, type ResultStoreOptions } from '@pool/results';

/** Options of the Redis result store. Durations are seconds. */
export interface RedisResultStoreOptions extends ResultStoreOptions, RedisServerOptions {
  /**
   * Put before every key, as Celery's `global_keyprefix` of `result_backend_transport_options`. On a cluster it must hold a
   * hash tag, as `{celery}`. @default ''
   */
  globalKeyPrefix?: string;
  /** How long opening the connection may take. @default 10 */
  connectTimeout?: number;
  /** A server that owes an answer for this long is taken for lost, and connected to again. @default 30 */
  socketTimeout?: number;
}

/** The names of {@link RedisResultStoreOptions}. */
export const REDIS_RESULT_STORE_OPTION_NAMES: OptionNames<RedisResultStoreOptions> = {
  ...RESULT_STORE_OPTION_NAMES,
  ...REDIS_SERVER_OPTION_NAMES,
  globalKeyPrefix: true,
  connectTimeout: true,
  socketTimeout: true,
};

/** The prefix as Celery uses it: it adds `_` unless there is a separator at the end. */
export function keyPrefix({ globalKeyPrefix = '', cluster }: RedisResultStoreOptions): string {
  if (cluster) assertHashTag(globalKeyPrefix);
  return globalKeyPrefix === '' || /[_:.-]$/.test(globalKeyPrefix) ? globalKeyPrefix : `${globalKeyPrefix}_`;
}
