import type { ExceptionInfo } from './exception-info.js';
import type { Target } from './target.js';

/**
 * Where a job is in its life: `pending` until something starts it, `accepted` while it runs, then exactly one of the
 * three endings.
 */
export type JobState = 'pending' | 'accepted' | 'success' | 'failure' | 'timeout';

/**
 * What a caller may say of a job. Callbacks run in this order, each at most once: accept, soft timeout, one ending.
 * They are called as methods of this object, so a caller with many jobs can pass objects of a class of its own and
 * needs no closures.
 */
export interface ApplyOptions<R = unknown> {
  /** Names the job in logs and errors; the worker gives the task id. */
  correlationId?: string | undefined;
  /** The key by which run times are told apart when a pool decides what to run behind what; the worker gives the task name. */
  scheduleKey?: string | undefined;
  /** Hard limit in seconds from acceptance; the pool's own `timeout` when left out. */
  timeout?: number | undefined;
  /** Soft limit in seconds from acceptance; the pool's own `softTimeout` when left out. */
  softTimeout?: number | undefined;
  /** The job starts: on which process or thread, and when (seconds on the monotonic clock). */
  acceptCallback?: ((pid: number, timeAccepted: number) => void) | undefined;
  /** The job's code called `currentJob().postMessage(value)`; for progress and the like. Comes between accept and ending. */
  messageCallback?: ((value: unknown) => void) | undefined;
  /** A limit of `timeout` seconds passed. After a soft one the job still ends by itself; a hard one is its ending. */
  timeoutCallback?: ((soft: boolean, timeout: number) => void) | undefined;
  /** The job ended well. */
  callback?: ((value: R) => void) | undefined;
  /** The job failed, was ended on request, or was lost. Also told of a hard timeout when there is no `timeoutCallback`. */
  errorCallback?: ((info: ExceptionInfo) => void) | undefined;
}

/** What a running target can learn about the job it is, from `currentJob()`. */
export interface JobContext {
  /** Unique within the pool. */
  readonly id: number;
  readonly correlationId: string | undefined;
  /** Aborts with {@link SoftTimeLimitExceeded} at the soft limit, and with {@link Terminated} when the job is to end. */
  readonly signal: AbortSignal;
  /**
   * Sends a value to the `messageCallback` of whoever handed the job in. Ignored once the job has ended.
   *
   * @throws NotTransferableError when the value cannot travel from where the job runs
   */
  postMessage(value: unknown): void;
}

/** A job: handed back by `applyAsync`, and what a pool's hooks get. */
export interface Job<R = unknown> extends JobContext {
  readonly target: Target<R>;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  /** The key by which run times are told apart, if one was given. */
  readonly scheduleKey: string | undefined;
  /** Hard limit in seconds from acceptance, the pool's default included. */
  readonly timeout: number | undefined;
  /** Soft limit in seconds from acceptance, the pool's default included; undefined when it could not come before the hard one. */
  readonly softTimeout: number | undefined;
  readonly state: JobState;
  /** Whether the job has ended. */
  readonly ready: boolean;
  /** What runs the job: the process id, or the thread's id in a pool of threads. */
  readonly pid: number | undefined;
  /** When it was accepted, in seconds on the monotonic clock. */
  readonly acceptedAt: number | undefined;
  /** Settles with the job. Made when first asked for, so a job that is only watched by callbacks rejects nothing unheard. */
  readonly result: Promise<R>;
  /** Ends the job; see `BasePool.terminateJob`. */
  terminate(signal?: NodeJS.Signals): Promise<boolean>;
}
