import { z } from 'zod';
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

const count = (min: number): z.ZodNumber => z.number().int().min(min);
const seconds = (): z.ZodNumber => z.number().min(0);
const names = z.array(z.string().min(1));

/** `'8,2'`, `[8, 2]` or `{ max: 8, min: 2 }`, in either order, as Celery takes it. */
const autoscale = z
  .union([
    z
      .string()
      .regex(/^\d+(,\d+)?$/, "must be 'max,min'")
      .transform((text) => text.split(',').map(Number)),
    z.array(count(0)).min(1).max(2),
    z.strictObject({ max: count(1), min: count(0).default(0) }).transform(({ max, min }) => [max, min]),
  ])
  .transform(([a = 0, b = 0]) => ({ max: Math.max(a, b), min: Math.min(a, b) }))
  .refine(({ max }) => max >= 1, 'must allow at least 1');

const policy = z.custom<AutoscalePolicy>((value) => typeof value === 'function', 'must be a function');

const rate = z.union([z.string(), z.number()]).superRefine((value, context) => {
  try {
    parseRate(value);
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
  }
});

/** Every setting by name. What has no default is off, or depends on the pool. */
const shape = {
  pool: z.string().min(1).default('prefork'),
  poolOptions: z.record(z.string(), z.unknown()).default({}),
  concurrency: count(1).optional(),
  autoscale: autoscale.optional(),
  autoscalePolicy: policy.optional(),
  autoscaleKeepalive: seconds().default(30),
  queues: names.optional(),
  excludeQueues: names.default([]),
  hostname: z.string().min(1).optional(),

  prefetchMultiplier: count(0).optional(),
  disablePrefetch: z.boolean().default(false),
  etaTaskLimit: count(1).default(10_000),
  disableRateLimits: z.boolean().default(false),
  rateLimits: z.record(z.string(), rate).default({}),

  timeLimit: z.number().positive().optional(),
  softTimeLimit: z.number().positive().optional(),
  maxTasksPerChild: count(1).optional(),
  maxMemoryPerChild: count(1).optional(),

  softShutdownTimeout: seconds().default(0),
  enableSoftShutdownOnIdle: z.boolean().default(false),
  shutdownTimeout: seconds().default(0),
  flushTimeout: z.number().positive().default(10),

  consumptionTimeout: seconds().default(60),
  connectionRetryOnStartup: z.boolean().default(true),
  connectionMaxRetries: count(0).default(100),
  deduplicateSuccessfulTasks: z.boolean().default(false),

  stateDb: z.string().min(1).optional(),
  revokesMax: count(1).default(50_000),
  revokeExpires: z.number().positive().default(10_800),

  healthPort: count(0).max(65_535).optional(),
  healthHost: z.string().min(1).default('0.0.0.0'),

  logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  logFormat: z.enum(['auto', 'pretty', 'json']).default('auto'),
  redirectStdouts: z.boolean().default(true),
  redirectStdoutsLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('warn'),
};

/** Checks settings and fills in defaults. */
export const settingsSchema: z.ZodType<Settings> = z.strictObject(shape);

/** Every setting's name, in the order the docs list them. */
export const settingNames: readonly string[] = Object.freeze(Object.keys(shape));
