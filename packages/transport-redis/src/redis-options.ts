import { type MessageLimits, type OptionNames, resolveLimits } from '@pool/message';
import { assertHashTag, REDIS_SERVER_OPTION_NAMES, type RedisServerOptions } from '@pool/redis';
import { VIRTUAL_TRANSPORT_OPTION_NAMES, type VirtualTransportOptions } from '@pool/transport';

/** Options of the Redis transport; the names are kombu's transport options in camel case. Durations are seconds. */
export interface RedisTransportOptions extends VirtualTransportOptions, RedisServerOptions {
  /** Put before every key and channel. On a cluster it must hold a hash tag, as `{celery}`. @default '' */
  globalKeyPrefix?: string;
  /** The levels that priorities 0 to 9 are mapped onto; 0 is served first. @default [0, 3, 6, 9] */
  prioritySteps?: readonly number[];
  /**
   * Between the parts of a list's key and of a binding's entry; what Python says must be said here. @default '\\x06\\x16'
   */
  sep?: string;
  /**
   * Messages held this long without being renewed are put back, whoever held them. Ours are renewed while their worker
   * lives; those of a Python worker are not, so this must be longer than its longest task. @default 3600
   */
  visibilityTimeout?: number;
  /** How long one of our workers may be silent and disconnected before others take over what it held. @default 10 */
  goneAfter?: number;
  /** Between two looks for messages of the dead. @default 5 */
  unackedRestoreInterval?: number;
  /** Between two proofs that the server answers; it has as long to do so. @default 10 */
  healthCheckInterval?: number;
  /** The most messages kept aside for each queue; the oldest go first. @default 10000 */
  maxSetAside?: number;
  /** The most broadcasts kept for a consumer that is slow to take them; the oldest go first. @default 10000 */
  maxBroadcasts?: number;
  /** @default 'unacked' */
  unackedKey?: string;
  /** @default 'unacked_index' */
  unackedIndexKey?: string;
  /** @default 'unacked_mutex' */
  unackedMutexKey?: string;
  /** Before the channels of fanout exchanges; `{db}` stands for the database's number. @default '/{db}.' */
  fanoutPrefix?: string;
}

/** The names of {@link RedisTransportOptions}. */
export const REDIS_TRANSPORT_OPTION_NAMES: OptionNames<RedisTransportOptions> = {
  ...VIRTUAL_TRANSPORT_OPTION_NAMES,
  ...REDIS_SERVER_OPTION_NAMES,
  globalKeyPrefix: true,
  prioritySteps: true,
  sep: true,
  visibilityTimeout: true,
  goneAfter: true,
  unackedRestoreInterval: true,
  healthCheckInterval: true,
  maxSetAside: true,
  maxBroadcasts: true,
  unackedKey: true,
  unackedIndexKey: true,
  unackedMutexKey: true,
  fanoutPrefix: true,
};

/** {@link RedisTransportOptions} with defaults filled in. */
export type ResolvedRedisOptions = Required<
  Pick<
    RedisTransportOptions,
    | 'globalKeyPrefix'
    | 'prioritySteps'
    | 'sep'
    | 'visibilityTimeout'
    | 'goneAfter'
    | 'unackedRestoreInterval'
    | 'healthCheckInterval'
    | 'maxSetAside'
    | 'maxBroadcasts'
    | 'unackedKey'
    | 'unackedIndexKey'
    | 'unackedMutexKey'
    | 'fanoutPrefix'
    | 'masterName'
    | 'cluster'
    | 'connectTimeout'
  >
> &
  Pick<RedisTransportOptions, 'tls' | 'client'> & { limits: Readonly<MessageLimits> };

/** Fills in defaults and checks what would fail much later. */
export function resolveRedisOptions(options: RedisTransportOptions): ResolvedRedisOptions {
  const resolved: ResolvedRedisOptions = {
    globalKeyPrefix: '',
    prioritySteps: [0, 3, 6, 9],
    sep: '\x06\x16',
    visibilityTimeout: 3600,
    goneAfter: 10,
    unackedRestoreInterval: 5,
    healthCheckInterval: 10,
    maxSetAside: 10_000,
    maxBroadcasts: 10_000,
    unackedKey: 'unacked',
    unackedIndexKey: 'unacked_index',
    unackedMutexKey: 'unacked_mutex',
    fanoutPrefix: '/{db}.',
    masterName: 'mymaster',
    cluster: false,
    connectTimeout: 10,
    ...definedOnly(options),
    limits: resolveLimits(options.limits),
  };
  const steps = resolved.prioritySteps;
  if (steps[0] !== 0 || steps.some((step, i) => i > 0 && step <= (steps[i - 1] as number))) {
    throw new TypeError('prioritySteps must ascend from 0');
  }
  if (resolved.sep === '') throw new TypeError('sep must be at least one character');
  for (const name of [
    'visibilityTimeout',
    'goneAfter',
    'unackedRestoreInterval',
    'healthCheckInterval',
  ] as const) {
    if (!(resolved[name] > 0)) throw new TypeError(`${name} must be a number of seconds above 0`);
  }
  if (resolved.cluster) assertHashTag(resolved.globalKeyPrefix);
  return resolved;
}

function definedOnly<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}
