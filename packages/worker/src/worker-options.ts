import type { PoolClass } from '@pool/core';
import type { AutoscalePolicy } from './autoscale-policy.js';
import type { WorkerLogger } from './logging/logger.js';

/** What a worker can be told. Durations are seconds, fractions allowed. */
export interface WorkerOptions {
  /**
   * What runs the tasks: `prefork`, `threads`, `green`, `solo`, `custom` (named by `POOL_CUSTOM_WORKER_POOL`), a
   * package, `module:Class`, or a class of your own. @default 'prefork'
   */
  pool?: string | PoolClass;
  /**
   * Where children of the pool find the app: the URL or path of the module that exports it (`import.meta.url`), as
   * `default`, as `app`, or under the name after a colon. Pools that run tasks in this process need none.
   */
  appModule?: string;
  /** More options for the pool; each pool's README lists what it takes. */
  poolOptions?: Readonly<Record<string, unknown>>;
  /** How many tasks run at the same time. @default the CPUs this process may use; 100 for `green` */
  concurrency?: number;
  /** Lets the pool grow and shrink between two sizes: `'8,2'`, `[8, 2]` or `{ max: 8, min: 2 }`. */
  autoscale?: string | readonly number[] | { readonly max: number; readonly min?: number };
  /**
   * How many slots there should be, within those bounds: a function of your own, or `withinMemory(0.8)`,
   * `withinEventLoopDelay(0.1)`. @default one for every task that could run
   */
  autoscalePolicy?: AutoscalePolicy;
  /** How long a slot stays idle before autoscaling takes it away. @default 30 */
  autoscaleKeepalive?: number;
  /** The queues to take from, in fair turns. @default all that the app's `taskQueues` has */
  queues?: readonly string[];
  /** Queues of the app to leave to others. */
  excludeQueues?: readonly string[];
  /** The node's name; `%h`, `%n` and `%d` stand for hostname, name and domain. @default 'celery@%h' */
  hostname?: string;

  /**
   * Messages taken ahead for each slot; 0 takes all there are.
   * @default 4, and more while tasks are quick: as many as end in 50 ms, at most 1000
   */
  prefetchMultiplier?: number;
  /** Take a message only when a slot is free for it. @default false */
  disablePrefetch?: boolean;
  /** How many tasks that wait for their ETA or their rate are held at most. @default 10000 */
  etaTaskLimit?: number;
  /** Ignore the tasks' rate limits. @default false */
  disableRateLimits?: boolean;
  /** Rate limits by task name, before those of the tasks: `{ 'mail.send': '10/m' }`. */
  rateLimits?: Readonly<Record<string, string | number>>;

  /** Seconds after which a task is killed, if neither its message nor the task says. */
  timeLimit?: number;
  /** Seconds after which a task's signal aborts, if neither its message nor the task says. */
  softTimeLimit?: number;
  /** A child or thread is replaced after so many tasks. */
  maxTasksPerChild?: number;
  /** A child or thread is replaced when it holds more than this, in KiB. */
  maxMemoryPerChild?: number;

  /** Before a cold shutdown, running tasks get this long to finish. @default 0 */
  softShutdownTimeout?: number;
  /** Wait for `softShutdownTimeout` with no task running, too. @default false */
  enableSoftShutdownOnIdle?: boolean;
  /** A warm shutdown waits for running tasks this long, then becomes a cold one; 0 waits for all. @default 0 */
  shutdownTimeout?: number;
  /** At the end results and acks get this long to reach their servers. @default 10 */
  flushTimeout?: number;

  /** A consumer that the broker has not answered for this long is put to the proof, and rebuilt; 0 never. @default 60 */
  consumptionTimeout?: number;
  /** Keep trying when the broker is away at the start. @default true */
  connectionRetryOnStartup?: boolean;
  /** Attempts at that; 0 tries for ever. @default 100 */
  connectionMaxRetries?: number;
  /** Do not run a redelivered late-ack task whose result says SUCCESS already. @default false */
  deduplicateSuccessfulTasks?: boolean;

  /** The file that keeps revoked ids over restarts. */
  stateDb?: string;
  /** How many revoked ids are remembered. @default 50000 */
  revokesMax?: number;
  /** For how long. @default 10800 */
  revokeExpires?: number;

  /** Serves `/healthz`, `/readyz` and `/metrics` on this port; 0 chooses a free one. */
  healthPort?: number;
  /** @default '0.0.0.0' */
  healthHost?: string;

  /** @default 'info' */
  logLevel?: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
  /** `auto` is `pretty` on a terminal and `json` otherwise. @default 'auto' */
  logFormat?: 'auto' | 'pretty' | 'json';
  /** A logger of your own, such as pino's; `logLevel` and `logFormat` then only count for children. */
  logger?: WorkerLogger;
  /** Turn what tasks print into log lines with the task's id. @default true */
  redirectStdouts?: boolean;
  /** @default 'warn' */
  redirectStdoutsLevel?: 'trace' | 'debug' | 'info' | 'warn' | 'error';
}
