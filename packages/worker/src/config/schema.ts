import {
  array,
  type BaseIssue,
  boolean,
  custom,
  finite,
  type GenericSchema,
  integer,
  maxValue,
  minLength,
  minValue,
  number,
  object,
  optional,
  picklist,
  pipe,
  rawCheck,
  rawTransform,
  record,
  string,
  union,
  unknown,
} from 'valibot';
import type { AutoscalePolicy } from '../autoscale-policy.js';
import type { LogLevel } from '../logging/logger.js';
import { parseRate } from '../rate-limit.js';

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

/** Says what a setting must be, and what it is. */
function must(what: string): (issue: BaseIssue<unknown>) => string {
  return ({ input }) =>
    `must be ${what}, not ${typeof input === 'string' ? JSON.stringify(input) : kindOf(input)}`;
}

function kindOf(value: unknown): string {
  if (value === null || typeof value === 'number') return String(value);
  return Array.isArray(value) ? 'an array' : `of type ${typeof value}`;
}

function count(min: number, max: number = Number.MAX_SAFE_INTEGER): GenericSchema<number> {
  const range = max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `${min} to ${max}`;
  const wrong = must(`a whole number, ${range}`);
  return pipe(number(wrong), integer(wrong), minValue(min, wrong), maxValue(max, wrong));
}

function duration(what: string, min: number): GenericSchema<number> {
  const wrong = must(what);
  return pipe(number(wrong), finite(wrong), minValue(min, wrong));
}

const seconds = duration('a number of seconds, 0 or more', 0);
const someSeconds = duration('a number of seconds above 0', Number.MIN_VALUE);

const notEmpty = must('a text that is not empty');
const text = pipe(string(notEmpty), minLength(1, notEmpty));
const names = array(text, must('a list'));
const flag = boolean(must('true or false'));

function oneOf<const T extends string>(...choices: readonly T[]): GenericSchema<T> {
  return picklist(choices, must(`one of ${choices.join(', ')}`));
}

/** An object by name; to valibot an array would be one too. */
function tableOf<T>(
  item: GenericSchema<unknown, T>,
): GenericSchema<Record<string, unknown>, Record<string, T>> {
  const isTable = (value: unknown): boolean =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  return pipe(custom<Record<string, unknown>>(isTable, must('an object')), record(string(), item));
}

/** `'8,2'`, `[8, 2]` or `{ max: 8, min: 2 }`, in either order, as Celery takes it. */
const autoscale = pipe(
  unknown(),
  rawTransform<unknown, { max: number; min: number }>(({ dataset, addIssue, NEVER }) => {
    const { max = Number.NaN, min = 0, ...others } = boundsOf(dataset.value);
    const isCount = (bound: unknown): boolean => Number.isSafeInteger(bound) && (bound as number) >= 0;
    if (!isCount(max) || !isCount(min) || Object.keys(others).length > 0) {
      addIssue({ message: "must be 'max,min', [max, min] or { max, min }, whole numbers" });
      return NEVER;
    }
    if (Math.max(max, min) < 1) addIssue({ message: 'must allow at least 1' });
    return { max: Math.max(max, min), min: Math.min(max, min) };
  }),
);

function boundsOf(value: unknown): { max?: number; min?: number } {
  if (typeof value === 'string' && /^\d+(,\d+)?$/.test(value)) return boundsOf(value.split(',').map(Number));
  if (!Array.isArray(value)) return typeof value === 'object' && value !== null ? value : {};
  const [max, min, ...others] = value as (number | undefined)[];
  return others.length > 0 || max === undefined ? {} : { max, ...(min === undefined ? {} : { min }) };
}

const policy = custom<AutoscalePolicy>((value) => typeof value === 'function', 'must be a function');

const rate: GenericSchema<unknown, string | number> = pipe(
  unknown(),
  union([string(), number()], must('a text or a number')),
  rawCheck<string | number>(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    try {
      parseRate(dataset.value);
    } catch (error) {
      addIssue({ message: (error as Error).message });
    }
  }),
);

/** Every setting by name. What has no default is off, or depends on the pool. */
const entries = {
  pool: optional(text, 'prefork'),
  poolOptions: optional(tableOf(unknown()), {}),
  concurrency: optional(count(1)),
  autoscale: optional(autoscale),
  autoscalePolicy: optional(policy),
  autoscaleKeepalive: optional(seconds, 30),
  queues: optional(names),
  excludeQueues: optional(names, []),
  hostname: optional(text),

  prefetchMultiplier: optional(count(0)),
  disablePrefetch: optional(flag, false),
  etaTaskLimit: optional(count(1), 10_000),
  disableRateLimits: optional(flag, false),
  rateLimits: optional(tableOf(rate), {}),

  timeLimit: optional(someSeconds),
  softTimeLimit: optional(someSeconds),
  maxTasksPerChild: optional(count(1)),
  maxMemoryPerChild: optional(count(1)),

  softShutdownTimeout: optional(seconds, 0),
  enableSoftShutdownOnIdle: optional(flag, false),
  shutdownTimeout: optional(seconds, 0),
  flushTimeout: optional(someSeconds, 10),

  consumptionTimeout: optional(seconds, 60),
  connectionRetryOnStartup: optional(flag, true),
  connectionMaxRetries: optional(count(0), 100),
  deduplicateSuccessfulTasks: optional(flag, false),

  stateDb: optional(text),
  revokesMax: optional(count(1), 50_000),
  revokeExpires: optional(someSeconds, 10_800),

  healthPort: optional(count(0, 65_535)),
  healthHost: optional(text, '0.0.0.0'),

  logLevel: optional(oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'), 'info'),
  logFormat: optional(oneOf('auto', 'pretty', 'json'), 'auto'),
  redirectStdouts: optional(flag, true),
  redirectStdoutsLevel: optional(oneOf('trace', 'debug', 'info', 'warn', 'error'), 'warn'),
};

/** Checks settings and fills in defaults. */
export const settingsSchema: GenericSchema<unknown, Settings> = object(entries);

/** Every setting's name, in the order the docs list them. */
export const settingNames: readonly string[] = Object.freeze(Object.keys(entries));
