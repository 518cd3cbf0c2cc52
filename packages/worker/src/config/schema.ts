import type { AutoscalePolicy } from '../autoscale-policy.js';
import type { LogLevel } from '../logging/logger.js';
import { parseRate } from '../rate-limit.js';
import {
  type Check,
  count,
  flag,
  listOf,
  oneOf,
  optional,
  recordOf,
  seconds,
  someSeconds,
  text,
  withDefault,
} from './checks.js';

/** Settings of a worker as checked, with their defaults; what they mean is said at `WorkerOptions`. */
export interface Settings {
  readonly pool: string;
  readonly poolOptions: Readonly<Record<string, unknown>>;
  readonly concurrency?: number | undefined;
  readonly autoscale?: { readonly max: number; readonly min: number } | undefined;
  readonly autoscalePolicy?: AutoscalePolicy | undefined;
  readonly autoscaleKeepalive: number;
  readonly queues?: readonly string[] | undefined;
  readonly excludeQueues: readonly string[];
  readonly hostname?: string | undefined;
  readonly prefetchMultiplier?: number | undefined;
  readonly disablePrefetch: boolean;
  readonly etaTaskLimit: number;
  readonly disableRateLimits: boolean;
  readonly rateLimits: Readonly<Record<string, string | number>>;
  readonly timeLimit?: number | undefined;
  readonly softTimeLimit?: number | undefined;
  readonly maxTasksPerChild?: number | undefined;
  readonly maxMemoryPerChild?: number | undefined;
  readonly softShutdownTimeout: number;
  readonly enableSoftShutdownOnIdle: boolean;
  readonly shutdownTimeout: number;
  readonly flushTimeout: number;
  readonly consumptionTimeout: number;
  readonly connectionRetryOnStartup: boolean;
  readonly connectionMaxRetries: number;
  readonly deduplicateSuccessfulTasks: boolean;
  readonly stateDb?: string | undefined;
  readonly revokesMax: number;
  readonly revokeExpires: number;
  readonly healthPort?: number | undefined;
  readonly healthHost: string;
  readonly logLevel: LogLevel | 'silent';
  readonly logFormat: 'auto' | 'pretty' | 'json';
  readonly redirectStdouts: boolean;
  readonly redirectStdoutsLevel: LogLevel;
}

/** `'8,2'`, `[8, 2]` or `{ max: 8, min: 2 }`, in either order, as Celery takes it. */
const autoscale: Check<{ max: number; min: number }> = (value) => {
  const { max = Number.NaN, min = 0, ...others } = boundsOf(value);
  const isCount = (bound: unknown): boolean => Number.isSafeInteger(bound) && (bound as number) >= 0;
  if (!isCount(max) || !isCount(min) || Object.keys(others).length > 0)
    throw new TypeError("must be 'max,min', [max, min] or { max, min }, whole numbers");
  if (Math.max(max, min) < 1) throw new TypeError('must allow at least 1');
  return { max: Math.max(max, min), min: Math.min(max, min) };
};

function boundsOf(value: unknown): { max?: number; min?: number } {
  if (typeof value === 'string' && /^\d+(,\d+)?$/.test(value)) return boundsOf(value.split(',').map(Number));
  if (!Array.isArray(value)) return typeof value === 'object' && value !== null ? value : {};
  const [max, min, ...others] = value as (number | undefined)[];
  return others.length > 0 || max === undefined ? {} : { max, ...(min === undefined ? {} : { min }) };
}

const policy: Check<AutoscalePolicy> = (value) => {
  if (typeof value !== 'function') throw new TypeError('must be a function');
  return value as AutoscalePolicy;
};

const rate: Check<string | number> = (value) => {
  if (typeof value !== 'string' && typeof value !== 'number')
    throw new TypeError('must be a text or a number');
  parseRate(value);
  return value;
};

/** Every setting by name. What has no default is off, or depends on the pool. */
const checks: { readonly [Name in keyof Settings]-?: Check<Settings[Name]> } = {
  pool: withDefault(text, 'prefork'),
  poolOptions: withDefault(
    recordOf<unknown>((value) => value),
    {},
  ),
  concurrency: optional(count(1)),
  autoscale: optional(autoscale),
  autoscalePolicy: optional(policy),
  autoscaleKeepalive: withDefault(seconds, 30),
  queues: optional(listOf(text)),
  excludeQueues: withDefault(listOf(text), []),
  hostname: optional(text),

  prefetchMultiplier: optional(count(0)),
  disablePrefetch: withDefault(flag, false),
  etaTaskLimit: withDefault(count(1), 10_000),
  disableRateLimits: withDefault(flag, false),
  rateLimits: withDefault(recordOf(rate), {}),

  timeLimit: optional(someSeconds),
  softTimeLimit: optional(someSeconds),
  maxTasksPerChild: optional(count(1)),
  maxMemoryPerChild: optional(count(1)),

  softShutdownTimeout: withDefault(seconds, 0),
  enableSoftShutdownOnIdle: withDefault(flag, false),
  shutdownTimeout: withDefault(seconds, 0),
  flushTimeout: withDefault(someSeconds, 10),

  consumptionTimeout: withDefault(seconds, 60),
  connectionRetryOnStartup: withDefault(flag, true),
  connectionMaxRetries: withDefault(count(0), 100),
  deduplicateSuccessfulTasks: withDefault(flag, false),

  stateDb: optional(text),
  revokesMax: withDefault(count(1), 50_000),
  revokeExpires: withDefault(someSeconds, 10_800),

  healthPort: optional(count(0, 65_535)),
  healthHost: withDefault(text, '0.0.0.0'),

  logLevel: withDefault(oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'), 'info'),
  logFormat: withDefault(oneOf('auto', 'pretty', 'json'), 'auto'),
  redirectStdouts: withDefault(flag, true),
  redirectStdoutsLevel: withDefault(oneOf('trace', 'debug', 'info', 'warn', 'error'), 'warn'),
};

/** Every setting's name, in the order the docs list them. */
export const settingNames: readonly string[] = Object.freeze(Object.keys(checks));

/** Checks settings and fills in defaults; what is wrong is told by name. */
export function checkSettings(
  values: Readonly<Record<string, unknown>>,
  onWrong: (name: string, error: unknown) => void,
): Settings {
  const settings: Record<string, unknown> = {};
  for (const [name, check] of Object.entries<Check<unknown>>(checks)) {
    try {
      const value = check(values[name]);
      if (value !== undefined) settings[name] = value;
    } catch (error) {
      onWrong(name, error);
    }
  }
  return settings as unknown as Settings;
}
