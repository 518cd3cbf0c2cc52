import type { ResultStoreOptions } from '@pool/results';
import type { ClusterOptions, RedisOptions } from 'ioredis';

/** Options of the Redis result store. Durations are seconds. */
export interface RedisResultStoreOptions extends ResultStoreOptions {
  /**
   * Put before every key, as Celery's `global_keyprefix` of `result_backend_transport_options`. On a cluster it must hold a
   * hash tag, as `{celery}`. @default ''
   */
  globalKeyPrefix?: string;
  /** How long opening the connection may take. @default 10 */
  connectTimeout?: number;
  /** A server that owes an answer for this long is taken for lost, and connected to again. @default 30 */
  socketTimeout?: number;
  /** The name of the Sentinel group, with `sentinel://` URLs. @default 'mymaster' */
  masterName?: string;
  /** Talk to a Redis Cluster, whose nodes the URL names, separated by `;`. @default false */
  cluster?: boolean;
  /** TLS options, as `tls.connect` takes them. */
  tls?: RedisOptions['tls'];
  /** More options for ioredis, for what has no option here. */
  client?: Omit<RedisOptions & ClusterOptions, 'replyMapping'>;
}

/** The prefix as Celery uses it: it adds `_` unless there is a separator at the end. */
export function keyPrefix({ globalKeyPrefix = '', cluster }: RedisResultStoreOptions): string {
  if (cluster && !/\{[^{}]+\}/.test(globalKeyPrefix)) {
    throw new TypeError(
      "a Redis Cluster keeps a script's keys together by a hash tag: set globalKeyPrefix to one, as '{celery}'",
    );
  }
  return globalKeyPrefix === '' || /[_:.-]$/.test(globalKeyPrefix) ? globalKeyPrefix : `${globalKeyPrefix}_`;
}
