import type { ErrorClass } from './apply-target.js';
import { availableCpus } from './available-cpus.js';
import { defaultLogger, type PoolLogger } from './logger.js';

/** What every pool can be told. */
export interface PoolOptions {
  /** How many jobs run at the same time. @default the CPUs this process may use */
  limit?: number | undefined;
  /** Whether whoever feeds the pool should wait for a free slot before it hands in a job. @default true */
  putlocks?: boolean | undefined;
  /** Errors that a callback may throw through the pool; all others are logged. @default [] */
  callbacksPropagate?: readonly ErrorClass[] | undefined;
  /** Hard limit in seconds for jobs that bring none. @default none */
  timeout?: number | undefined;
  /** Soft limit in seconds for jobs that bring none. @default none */
  softTimeout?: number | undefined;
  /** Where the pool says what went wrong. @default warnings and errors to stderr */
  logger?: PoolLogger | undefined;
}

/** {@link PoolOptions} with defaults filled in. */
export interface ResolvedPoolOptions {
  readonly limit: number;
  readonly putlocks: boolean;
  readonly callbacksPropagate: readonly ErrorClass[];
  readonly timeout: number | undefined;
  readonly softTimeout: number | undefined;
  readonly logger: PoolLogger;
}

/** The names of {@link PoolOptions}. */
export const poolOptionNames: readonly string[] = [
  'limit',
  'putlocks',
  'callbacksPropagate',
  'timeout',
  'softTimeout',
  'logger',
];

/** Checks options and fills in defaults; a wrong or unknown one is a TypeError that names it. */
export function resolvePoolOptions(
  options: PoolOptions,
  known: readonly string[],
  owner: string,
): ResolvedPoolOptions {
  for (const name of Object.keys(options)) {
    if (!known.includes(name))
      throw new TypeError(`${owner} has no option '${name}'; it has ${known.join(', ')}`);
  }
  const {
    limit = availableCpus(),
    putlocks = true,
    callbacksPropagate = [],
    logger = defaultLogger,
  } = options;
  if (typeof putlocks !== 'boolean') throw new TypeError('putlocks must be true or false');
  if (!Array.isArray(callbacksPropagate) || callbacksPropagate.some((type) => typeof type !== 'function')) {
    throw new TypeError('callbacksPropagate must be an array of error classes');
  }
  return {
    limit: positiveInteger('limit', limit),
    putlocks,
    callbacksPropagate,
    timeout: seconds('timeout', options.timeout),
    softTimeout: seconds('softTimeout', options.softTimeout),
    logger,
  };
}

/** `value` if it is a whole number from 1, else a TypeError. */
export function positiveInteger(name: string, value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) >= 1) return value as number;
  throw new TypeError(`${name} must be a whole number of at least 1, not ${String(value)}`);
}

/** `value` if it is a duration above 0 or nothing, else a TypeError. */
export function seconds(name: string, value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && value > 0 && Number.isFinite(value)) return value;
  throw new TypeError(`${name} must be a number of seconds above 0, not ${String(value)}`);
}
