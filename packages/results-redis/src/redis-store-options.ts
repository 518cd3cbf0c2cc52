import type { ResultStoreOptions } from '@pool/results';
import type { RedisOptions } from 'ioredis';

/** Options of the Redis result store. Durations are seconds. */
export interface RedisResultStoreOptions extends ResultStoreOptions {
  /** Put before every key, as Celery's `global_keyprefix` of `result_backend_transport_options`. @default '' */
  globalKeyPrefix?: string;
  /** How long opening the connection may take. @default 10 */
  connectTimeout?: number;
  /** The name of the Sentinel group, with `sentinel://` URLs. @default 'mymaster' */
  masterName?: string;
  /** TLS options for `rediss://`, as `tls.connect` takes them. */
  tls?: RedisOptions['tls'];
  /** More options for ioredis, for what has no option here. */
  client?: Omit<RedisOptions, 'replyMapping'>;
}

/** The prefix as Celery uses it: it adds `_` unless there is a separator at the end. */
export function keyPrefix(prefix: string): string {
  return prefix === '' || /[_:.-]$/.test(prefix) ? prefix : `${prefix}_`;
}
