import type { TaskContext } from './task-context.js';

/** An error class, or the name or `code` of an error: matches errors that crossed a process boundary too. */
export type ErrorMatcher = (abstract new (...args: never[]) => Error) | string;

/** How a task ended, for `afterReturn`. */
export type TaskOutcome =
  | { readonly state: 'SUCCESS'; readonly result: unknown }
  | { readonly state: 'FAILURE'; readonly error: unknown };

/** Functions of a task that run where it runs, after it or before. What they throw is logged and changes nothing. */
export interface TaskHooks {
  /** Before the task's function. Throwing fails the task, as in Celery. */
  beforeStart?: (self: TaskContext) => unknown;
  onSuccess?: (self: TaskContext, result: unknown) => unknown;
  onFailure?: (self: TaskContext, error: unknown) => unknown;
  /** The task will run again; `error` is what made it ask for that. */
  onRetry?: (self: TaskContext, error: unknown) => unknown;
  /** After success and failure; not after a retry, `Ignore` or `Reject`. */
  afterReturn?: (self: TaskContext, outcome: TaskOutcome) => unknown;
}

/** How a task is called and what becomes of it. All times are seconds; fractions are allowed. */
export interface TaskOptions extends TaskHooks {
  /** The function's first argument is its {@link TaskContext}. @default false */
  bind?: boolean;
  /**
   * The names of the function's parameters, without `self`, so that keyword arguments find their places. A name
   * that ends in `?` may be left out, and so may those with a default value in the function.
   */
  params?: readonly string[];

  /** Tell the broker that the message is done with after the task rather than before it. @default the app's `taskAcksLate` (false) */
  acksLate?: boolean;
  /** With `acksLate`: a failed task's message is done with; otherwise it is rejected. @default true */
  acksOnFailure?: boolean;
  /** With `acksLate`: so is that of one that hit its hard time limit; otherwise it is delivered again. @default true */
  acksOnTimeout?: boolean;
  /** With `acksLate`: the message of a task whose process died is delivered again. @default false */
  rejectOnWorkerLost?: boolean;
  /** How often a message may be delivered before a task that keeps killing its process is failed. @default 5 */
  maxDeliveries?: number;

  /** Keep no result. @default the app's `taskIgnoreResult` (false) */
  ignoreResult?: boolean;
  /** Keep the failures of a task whose results are ignored. @default false */
  storeErrorsEvenIfIgnored?: boolean;
  /** Store the state `STARTED`. @default false */
  trackStarted?: boolean;
  /** Seconds after which the task is killed. */
  timeLimit?: number;
  /** Seconds after which the task's `signal` aborts with `SoftTimeLimitExceeded`. */
  softTimeLimit?: number;
  /** At most so many starts per worker: `'10/s'`, `'100/m'`, `'5/h'`, or a number per second. */
  rateLimit?: string | number;

  /** Retries before the task fails; `null` for no end. @default 3 */
  maxRetries?: number | null;
  /** Seconds before a retry. @default 180 */
  defaultRetryDelay?: number;
  /** Errors that are retried by themselves. */
  autoretryFor?: readonly ErrorMatcher[];
  /** Errors that are not, although `autoretryFor` matches. */
  dontAutoretryFor?: readonly ErrorMatcher[];
  /** Double the delay of automatic retries each time, from 1 s or from this many seconds. @default false */
  retryBackoff?: boolean | number;
  /** The longest delay of back-off, in seconds. @default 600 */
  retryBackoffMax?: number;
  /** Choose each delay at random between 0 and its back-off. @default true */
  retryJitter?: boolean;
  /** Errors that are part of the task's business: logged without a stack. */
  throws?: readonly ErrorMatcher[];

  /** How arguments are encoded. @default the app's `taskSerializer` ('json') */
  serializer?: string;
  /** How messages are compressed. @default the app's `taskCompression` (none) */
  compression?: string;
  /** Where messages go, before `taskRoutes` are asked. */
  queue?: string;
  exchange?: string;
  routingKey?: string;
  /** 0 to 9. Which end is urgent depends on the broker. */
  priority?: number;
  /** Seconds after sending when nobody wants the task any more. */
  expires?: number;
}

/** {@link TaskOptions} with the app's defaults filled in. */
export interface ResolvedTaskOptions extends Readonly<TaskOptions> {
  readonly bind: boolean;
  readonly acksLate: boolean;
  readonly acksOnFailure: boolean;
  readonly acksOnTimeout: boolean;
  readonly rejectOnWorkerLost: boolean;
  readonly maxDeliveries: number;
  readonly ignoreResult: boolean;
  readonly storeErrorsEvenIfIgnored: boolean;
  readonly trackStarted: boolean;
  readonly maxRetries: number | null;
  readonly defaultRetryDelay: number;
  readonly autoretryFor: readonly ErrorMatcher[];
  readonly dontAutoretryFor: readonly ErrorMatcher[];
  readonly retryBackoff: boolean | number;
  readonly retryBackoffMax: number;
  readonly retryJitter: boolean;
  readonly throws: readonly ErrorMatcher[];
  readonly serializer: string;
}
