import type { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { callTarget, isThenable } from './apply-target.js';
import { enterJob } from './current-job.js';
import { SoftTimeLimitExceeded, TimeLimitExceeded } from './errors.js';
import { callInterruptibly } from './interruptible.js';
import type { Job, JobContext } from './job.js';
import type { PoolJob } from './pool-job.js';
import { loadedTarget, resolveTarget } from './resolve-target.js';
import type { TargetFunction } from './target.js';

/** What a lane needs of its pool. */
export interface LaneOwner {
  /** Whether synchronous code is interrupted when a limit of its job passes. */
  readonly interrupts: boolean;
  /** Carries the job through its asynchronous code, if that is wanted. */
  readonly storage: AsyncLocalStorage<JobContext> | undefined;
  /** The context in which the lane's own asynchronous code runs, whoever handed in the job. */
  readonly scope: AsyncResource;
  /** The job starts; false when it has ended and must not run. */
  accept(job: Job): boolean;
  /** The synchronous part of the job's code is over. */
  called(job: Job): void;
  succeeded(job: Job, value: unknown): void;
  /** `direct` when the caller of `applyAsync` is waiting on the stack. */
  threw(job: Job, error: unknown, direct: boolean): void;
  /** The hard limit passed while synchronous code ran. */
  expired(job: Job): void;
  /** The next job for this lane. When there is none, the lane counts as idle from now, or as closed. */
  next(lane: InlineLane): Job | undefined;
  /** An error is about to leave through the lane, which is free for the next job. */
  broke(lane: InlineLane): void;
}

/** Stands for "there is nothing to wait for". */
const over: unique symbol = Symbol('over');

/** The names of lanes start with this. */
export const lanePrefix = 'pool lane ';

let lanes = 0;

/**
 * Runs jobs one after another in this process. A synchronous job costs no promise, an asynchronous one one `await`.
 *
 * The function that awaits carries the lane's name, unique in the process, because V8 keeps the chain of awaiting
 * functions: what a job does after an `await` can be traced to its lane when it matters, at no cost when it does not.
 */
export class InlineLane {
  readonly name: string = `${lanePrefix}${++lanes}`;
  /** The job that holds the lane. */
  job: Job | undefined = undefined;
  /** Whether the job's synchronous part is on the stack. */
  calling = false;
  /** Gives the lane's slot back. */
  readonly release: () => void;

  #exceeded: Error | undefined = undefined;
  readonly #owner: LaneOwner;
  readonly #follow: (job: Job, value: unknown) => Promise<void>;

  constructor(owner: LaneOwner, release: () => void) {
    this.#owner = owner;
    this.release = release;
    const { name } = this;
    const follow: Record<string, (job: Job, value: unknown) => Promise<void>> = {
      [name]: async (first, firstValue) => {
        let job: Job | undefined = first;
        let value = firstValue;
        while (job !== undefined) {
          let outcome: unknown;
          let failed = false;
          try {
            outcome = await value;
          } catch (error) {
            outcome = error;
            failed = true;
          }
          // The job was ended meanwhile, and another lane has its slot.
          if (this.job !== job) return;
          try {
            this.#settle(job, outcome, failed, false);
            job = owner.next(this);
            while (job !== undefined) {
              value = this.#start(job, false);
              if (value !== over) break;
              job = owner.next(this);
            }
          } catch (error) {
            owner.broke(this);
            throw error;
          }
        }
      },
    };
    this.#follow = follow[name] as (job: Job, value: unknown) => Promise<void>;
  }

  /** Runs a job and those that wait behind it, until one has to be waited for. */
  run(first: Job, direct: boolean): void {
    let job: Job | undefined = first;
    let value: unknown = over;
    try {
      value = this.#start(first, direct);
      while (value === over) {
        job = this.#owner.next(this);
        if (job === undefined) return;
        value = this.#start(job, false);
      }
    } catch (error) {
      this.#owner.broke(this);
      throw error;
    }
    if (direct) void this.#owner.scope.runInAsyncScope(this.#follow, undefined, job, value);
    else void this.#follow(job, value);
  }

  /** Starts a job; what has to be waited for, or `over`. */
  #start(job: Job, direct: boolean): unknown {
    this.job = job;
    (job as PoolJob).slot = this;
    const { target } = job;
    let value: unknown;
    try {
      const fn = typeof target === 'function' ? target : loadedTarget(target);
      value =
        fn === undefined
          ? resolveTarget(target as Exclude<typeof target, TargetFunction>).then((loaded) =>
              this.#call(job, loaded),
            )
          : this.#call(job, fn);
    } catch (error) {
      this.#settle(job, error, true, direct);
      return over;
    }
    if (job.ready) {
      // It was ended before it started, or ended itself; what it still promises interests nobody.
      this.job = undefined;
      if (isThenable(value)) value.then(undefined, () => {});
      return over;
    }
    if (isThenable(value)) return value;
    this.#settle(job, value, false, direct);
    return over;
  }

  #call(job: Job, fn: TargetFunction): unknown {
    if (this.job !== job || !this.#owner.accept(job)) return undefined;
    const before = enterJob(job);
    this.calling = true;
    try {
      const { interrupts, storage } = this.#owner;
      if (interrupts && (job.timeout !== undefined || job.softTimeout !== undefined))
        return this.#callWithin(job, fn, storage);
      if (storage !== undefined) return storage.run(job, callTarget, fn, job.args, job.kwargs);
      return callTarget(fn, job.args, job.kwargs);
    } finally {
      this.calling = false;
      enterJob(before);
      this.#owner.called(job);
    }
  }

  #callWithin(job: Job, fn: TargetFunction, storage: AsyncLocalStorage<JobContext> | undefined): unknown {
    const { softTimeout, timeout } = job;
    const call = (): unknown =>
      storage === undefined
        ? callTarget(fn, job.args, job.kwargs)
        : storage.run(job, callTarget, fn, job.args, job.kwargs);
    if (softTimeout !== undefined)
      return callInterruptibly(call, softTimeout, () => new SoftTimeLimitExceeded(softTimeout));
    const seconds = timeout as number;
    return callInterruptibly(call, seconds, () => {
      this.#exceeded = new TimeLimitExceeded(seconds);
      return this.#exceeded;
    });
  }

  #settle(job: Job, outcome: unknown, failed: boolean, direct: boolean): void {
    this.job = undefined;
    if (!failed) this.#owner.succeeded(job, outcome);
    else if (outcome !== undefined && outcome === this.#exceeded) this.#owner.expired(job);
    else this.#owner.threw(job, outcome, direct);
  }
}

/** How many stack frames are searched for a lane. */
const MAX_FRAMES = 500;

/**
 * The lane that awaits what runs now, if V8 can tell. A lane that is itself on the stack does not count: then it is not
 * the job's code that runs but what the pool calls when the job has ended.
 */
export function laneNameOnStack(above: (...args: never[]) => unknown): string | undefined {
  const { prepareStackTrace, stackTraceLimit } = Error;
  const holder: { stack?: string | undefined } = {};
  try {
    Error.stackTraceLimit = MAX_FRAMES;
    Error.prepareStackTrace = (_, sites) =>
      sites
        .find((site) => site.isAsync() && site.getFunctionName()?.startsWith(lanePrefix))
        ?.getFunctionName();
    Error.captureStackTrace(holder, above);
    return holder.stack;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    Error.prepareStackTrace = prepareStackTrace;
  }
}
