import { EventEmitter } from 'node:events';
import { constants } from 'node:os';
import { NO_KWARGS } from './apply-target.js';
import type { PoolCapabilities } from './capabilities.js';
import { Deadlines, monotonic } from './deadlines.js';
import {
  JobDiscardedError,
  NotSupportedError,
  PoolClosedError,
  PoolStartError,
  SoftTimeLimitExceeded,
  Terminated,
  TimeLimitExceeded,
  WorkerShutdown,
  WorkerTerminate,
} from './errors.js';
import { ExceptionInfo } from './exception-info.js';
import type { ApplyOptions, Job } from './job.js';
import { JobList } from './job-list.js';
import { PoolError } from './pool-error.js';
import type { PoolEvents } from './pool-events.js';
import { PoolJob } from './pool-job.js';
import {
  type PoolOptions,
  poolOptionNames,
  positiveInteger,
  type ResolvedPoolOptions,
  resolvePoolOptions,
  seconds,
} from './pool-options.js';
import { CLOSE, INITIAL, type PoolState, RUN, TERMINATE } from './pool-state.js';
import { assertTarget, type Target } from './target.js';

/** What `inspect stats` shows of a pool: JSON values, under Celery's keys. */
export interface PoolInfo {
  /** Which pool this is. */
  implementation: string;
  'max-concurrency': number;
  [key: string]: unknown;
}

const NO_ARGS: readonly unknown[] = Object.freeze([]);
const NO_OPTIONS: ApplyOptions = Object.freeze({});
/** Read once: the getter costs a job on solo a tenth of what the pool takes for it. */
const ownPid = process.pid;

/**
 * An execution pool: runs jobs, `limit` at a time, and tells how each ended. The contract is that of Celery's
 * `celery.concurrency.base.BasePool`, with one addition: no job vanishes.
 *
 * Public methods own the state machine, the time limits and the arguments' checks. An author overrides the protected
 * hooks (`onApply` is the one required), which get complete arguments and never have to check them, and reports with
 * `acceptJob`, `succeedJob` and `failJob`.
 */
export abstract class BasePool extends EventEmitter<PoolEvents> {
  /** The names of the options this pool takes; a pool with more of them lists them here with those of its base. */
  static readonly optionNames: readonly string[] = poolOptionNames;
  /** Marks pool classes for the loader, whichever copy of this package they extend. */
  static readonly isPool: symbol = Symbol.for('@pool/core.BasePool');

  /** What this pool can do. */
  abstract readonly capabilities: PoolCapabilities;

  #state: PoolState = INITIAL;
  #limit: number;
  #nextId = 1;
  readonly #options: ResolvedPoolOptions;
  readonly #unfinished: JobList = new JobList();
  readonly #deadlines: Deadlines = new Deadlines((job) => this.#onDeadline(job));
  #started: Promise<void> | undefined;
  #closed: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;
  #terminated: Promise<void> | undefined;

  constructor(options: PoolOptions = {}) {
    super();
    const { optionNames, name } = new.target;
    this.#options = resolvePoolOptions(options, optionNames, name);
    this.#limit = this.#options.limit;
  }

  /** Where the pool is in its life. */
  get state(): PoolState {
    return this.#state;
  }

  /** Whether the pool accepts jobs. */
  get active(): boolean {
    return this.#state === RUN;
  }

  /** How many jobs the pool is meant to run at the same time, after every `grow` and `shrink`. */
  get limit(): number {
    return this.#limit;
  }

  /** How many slots there are now (not how many are busy). */
  get numProcesses(): number {
    return this.#limit;
  }

  /** How many jobs were handed in and have not ended. */
  get unfinished(): number {
    return this.#unfinished.size;
  }

  get putlocks(): boolean {
    return this.#options.putlocks;
  }

  get callbacksPropagate(): ResolvedPoolOptions['callbacksPropagate'] {
    return this.#options.callbacksPropagate;
  }

  /** Jobs share the worker's event loop and must not block it. */
  get isGreen(): boolean {
    return false;
  }

  /** Signal handlers of the worker can run while jobs run. */
  get signalSafe(): boolean {
    return true;
  }

  /** Whoever feeds the pool should bound what it hands in by a semaphore of `limit`. */
  get usesSemaphore(): boolean {
    return false;
  }

  /** Message bodies may be handed in as views of a receive buffer that is used again. */
  get bodyCanBeBuffer(): boolean {
    return false;
  }

  /** Jobs may be handed in while it starts: the first child that is ready runs them. If the start fails, so do they. */
  get queuesEarly(): boolean {
    return false;
  }

  /** A job that waits for another job's result may wait for ever, since it holds a slot. */
  get taskJoinWillBlock(): boolean {
    return true;
  }

  /** Tells the listeners. What one of them throws is logged, so that none can take the pool or a job down. */
  override emit<K extends keyof PoolEvents>(event: K, ...args: PoolEvents[K]): boolean {
    try {
      return (super.emit as (event: K, ...args: PoolEvents[K]) => boolean).call(this, event, ...args);
    } catch (error) {
      this.logger.error(`a listener of the event ${String(event)} threw`, error);
      return true;
    }
  }

  /** State and settings as JSON values, under the keys that Celery's monitors read. */
  get info(): PoolInfo {
    return { implementation: this.constructor.name, 'max-concurrency': this.#limit, ...this.getInfo() };
  }

  /**
   * Brings the pool up; resolves when its capacity is ready. Called again, it waits for the same end.
   *
   * @throws PoolStartError when the capacity did not come up; the pool has ended then
   * @throws PoolClosedError when the pool was closed or ended before
   */
  start(): Promise<void> {
    if (this.#started === undefined || this.#state === CLOSE || this.#state === TERMINATE) {
      const started = this.#start();
      this.#started ??= started;
      return started;
    }
    return this.#started;
  }

  async #start(): Promise<void> {
    if (this.#state !== INITIAL) throw new PoolClosedError('the pool has ended; make a new one');
    try {
      await this.onStart();
    } catch (cause) {
      const error = cause instanceof PoolError ? cause : startError(cause);
      await this.#terminate(error).catch(() => {});
      throw error;
    }
    if ((this.#state as PoolState) !== INITIAL) {
      await this.onTerminate();
      throw new PoolClosedError('the pool was ended while it started');
    }
    this.#state = RUN;
    this.emit('started');
  }

  /** Accepts nothing new; what was accepted may finish. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    if (this.#state === INITIAL && this.#started !== undefined) await this.#started.catch(() => {});
    if (this.#state === TERMINATE) return;
    const wasRunning = this.#state === RUN;
    this.#state = CLOSE;
    if (wasRunning) await this.onClose();
  }

  /** Closes, waits until everything that was handed in has ended, then releases the capacity. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    if (this.#terminated !== undefined) return this.#terminated;
    this.emit('preShutdown');
    await this.close();
    await this.#unfinished.drained();
    if (this.#terminated !== undefined) return this.#terminated;
    await this.onStop();
    if (this.#terminated !== undefined) return this.#terminated;
    this.#state = TERMINATE;
    this.#terminated = Promise.resolve();
    this.#deadlines.clear();
    this.emit('postShutdown');
  }

  /** Ends the pool at once: jobs that have not ended fail with {@link Terminated}, and what runs them is killed. */
  terminate(): Promise<void> {
    return this.#terminate(new Terminated('the pool was terminated'));
  }

  #terminate(reason: Error): Promise<void> {
    this.#terminated ??= this.#end(reason);
    return this.#terminated;
  }

  async #end(reason: Error): Promise<void> {
    this.#state = TERMINATE;
    try {
      this.#unfinished.forEach((job) => {
        job.abort(reason);
        this.failJob(job, ExceptionInfo.from(reason));
      });
    } finally {
      this.#deadlines.clear();
      try {
        await this.onTerminate();
      } finally {
        this.emit('postShutdown');
      }
    }
  }

  /** Replaces what runs the jobs without a gap in capacity; jobs that run are not interrupted. */
  async restart(): Promise<void> {
    this.#require('restart', this.capabilities.restart);
    this.#assertRunning();
    await this.onRestart();
  }

  /** Adds `n` slots; resolves when they are ready. */
  async grow(n = 1): Promise<void> {
    this.#require('resize', this.capabilities.resize);
    positiveInteger('n', n);
    this.#assertRunning();
    this.#limit += n;
    await this.onGrow(n);
  }

  /** Takes `n` slots away, down to 1; busy ones finish their job first. */
  async shrink(n = 1): Promise<void> {
    this.#require('resize', this.capabilities.resize);
    positiveInteger('n', n);
    this.#assertRunning();
    if (n >= this.#limit)
      throw new RangeError(`a pool of ${this.#limit} cannot shrink by ${n}: at least 1 slot must stay`);
    this.#limit -= n;
    await this.onShrink(n);
  }

  /**
   * Hands in a job. `kwargs`, if there are any, reach the target as one last object argument. A pool that `queuesEarly`
   * takes jobs from the call of `start` on.
   *
   * @throws PoolClosedError when the pool does not run
   * @throws NotSupportedError when the target is a function and the pool's jobs run elsewhere
   */
  applyAsync<R = unknown>(
    target: Target<R>,
    args: readonly unknown[] = NO_ARGS,
    kwargs: Readonly<Record<string, unknown>> = NO_KWARGS,
    options: ApplyOptions<R> = NO_OPTIONS as ApplyOptions<R>,
  ): Job<R> {
    if (this.#state !== RUN && !this.#isQueueingEarly) this.#assertRunning();
    if (typeof target === 'function') this.#require('functions', this.capabilities.functions);
    else assertTarget(target);
    if (!Array.isArray(args)) throw new TypeError('args must be an array');
    if (typeof kwargs !== 'object' || kwargs === null) throw new TypeError('kwargs must be an object');
    const timeout =
      options.timeout === undefined ? this.#options.timeout : seconds('timeout', options.timeout);
    let softTimeout =
      options.softTimeout === undefined
        ? this.#options.softTimeout
        : seconds('softTimeout', options.softTimeout);
    if (timeout !== undefined && softTimeout !== undefined && softTimeout >= timeout) softTimeout = undefined;
    const job = new PoolJob<R>(this, this.#nextId++, target, args, kwargs, options, timeout, softTimeout);
    this.#unfinished.add(job as PoolJob);
    if (this.listenerCount('apply') !== 0) this.emit('apply', job as Job);
    try {
      const applied = this.onApply(job as Job);
      if (applied !== undefined)
        applied.then(undefined, (error: unknown) => this.#onApplyFailed(job as PoolJob, error));
    } catch (error) {
      this.#onApplyFailed(job as PoolJob, error);
    }
    return job;
  }

  #onApplyFailed(job: PoolJob, error: unknown): void {
    this.failJob(job, ExceptionInfo.from(error));
    if (error instanceof WorkerShutdown || error instanceof WorkerTerminate || this.#propagates(error))
      throw error;
  }

  /**
   * Ends a job that has not ended, running or waiting: it fails with {@link Terminated}. Checked against what the job's
   * slot runs at that moment, so it never hits the job that came after.
   *
   * @returns whether there was something to end
   * @throws TypeError when there is no such signal
   */
  async terminateJob(job: Job, signal: NodeJS.Signals = 'SIGTERM'): Promise<boolean> {
    this.#require('terminateJob', this.capabilities.terminateJob);
    if (!(job instanceof PoolJob) || job.owner !== this)
      throw new TypeError('the job is not one of this pool');
    if (!Object.hasOwn(constants.signals, signal))
      throw new TypeError(
        `there is no signal ${String(signal)} here; use one of Node's names, such as 'SIGTERM'`,
      );
    if (job.ready) return false;
    await this.onTerminateJob(job, signal);
    return true;
  }

  /**
   * Drops a job that nothing has started and that waits here: it fails with {@link JobDiscardedError}.
   *
   * @returns whether it did; false for one that runs, has ended, or is on its way to a child already
   */
  discardJob(job: Job): boolean {
    if (!(job instanceof PoolJob) || job.owner !== this)
      throw new TypeError('the job is not one of this pool');
    if (job.state !== 'pending' || !this.onDiscard(job)) return false;
    this.failJob(
      job,
      ExceptionInfo.from(new JobDiscardedError('the job was dropped before anything ran it')),
    );
    return true;
  }

  /** Drops what nothing has started yet; each such job fails with {@link JobDiscardedError}. Running jobs go on. */
  async flush(): Promise<void> {
    const reason = new JobDiscardedError('the pool was flushed before anything ran the job');
    try {
      this.#unfinished.forEach((job) => {
        if (job.state === 'pending' && this.onDiscard(job)) this.failJob(job, ExceptionInfo.from(reason));
      });
    } finally {
      await this.onFlush();
    }
  }

  /** Looks after the capacity; pools do so by themselves, this is for a caller that wants it now. */
  async maintainPool(): Promise<void> {
    if (this.#state === RUN) await this.onMaintain();
  }

  /** Whether the capacity that `start` brought up is there. */
  didStartOk(): boolean {
    return this.#state === RUN;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** Runs a job, now or when a slot is free. A throw or rejection fails the job. */
  protected abstract onApply(job: Job): void | Promise<void>;

  /** Brings the capacity up. */
  protected onStart(): void | Promise<void> {}

  /** The pool has just closed. */
  protected onClose(): void | Promise<void> {}

  /** Releases the capacity; everything has ended by now. */
  protected onStop(): void | Promise<void> {}

  /** Releases the capacity at once. May come while `onStart` or `onStop` is under way, and more than once. */
  protected onTerminate(): void | Promise<void> {}

  /** Replaces the capacity. */
  protected onRestart(): void | Promise<void> {}

  /** `limit` has just gone up by `n`. */
  protected onGrow(_n: number): void | Promise<void> {}

  /** `limit` has just gone down by `n`. */
  protected onShrink(_n: number): void | Promise<void> {}

  /** Ends an unfinished job and reports it with `failJob`. */
  protected onTerminateJob(_job: Job, _signal: NodeJS.Signals): void | Promise<void> {}

  /** A running job passed its soft limit; its signal has aborted. */
  protected onSoftTimeout(_job: Job): void {}

  /** A job passed its hard limit and has ended as such; what ran it must be stopped and its slot freed. */
  protected onHardTimeout(_job: Job): void {}

  /** Takes a job that nothing has started out of the line; false if it is too late for that. */
  protected onDiscard(_job: Job): boolean {
    return false;
  }

  /** The broker connection was lost and waiting jobs were discarded. */
  protected onFlush(): void | Promise<void> {}

  protected onMaintain(): void | Promise<void> {}

  /** More of `info`. */
  protected getInfo(): Record<string, unknown> {
    return {};
  }

  protected get logger(): ResolvedPoolOptions['logger'] {
    return this.#options.logger;
  }

  /** Hard and soft limit, in seconds, for jobs that bring none. */
  protected get defaultTimeouts(): { timeout: number | undefined; softTimeout: number | undefined } {
    return { timeout: this.#options.timeout, softTimeout: this.#options.softTimeout };
  }

  /**
   * Reports that a job starts: its limits run from now.
   *
   * @param pid what runs it
   * @param time when, in seconds on the monotonic clock
   * @returns false when the job has ended meanwhile and must not be run
   */
  protected acceptJob(job: Job, pid: number = ownPid, time: number = monotonic()): boolean {
    const own = job as PoolJob;
    if (own.state !== 'pending') return own.state === 'accepted';
    own.state = 'accepted';
    own.pid = pid;
    own.acceptedAt = time;
    if (own.softTimeout !== undefined) this.#deadlines.add(own, time, own.softTimeout);
    else if (own.timeout !== undefined) this.#deadlines.add(own, time, own.timeout);
    const { options } = own;
    if (options.acceptCallback !== undefined) {
      try {
        options.acceptCallback(pid, time);
      } catch (error) {
        this.#onCallbackError('acceptCallback', own, error);
      }
    }
    return own.state === 'accepted';
  }

  /** Puts an accepted job back to `pending`, when what was to run it proves never to have started it. */
  protected returnJob(job: Job): void {
    const own = job as PoolJob;
    if (own.state !== 'accepted') return;
    this.#deadlines.remove(own);
    own.state = 'pending';
    own.pid = undefined;
    own.acceptedAt = undefined;
  }

  /** Reports a job's value. Ignored when the job has ended before. */
  protected succeedJob(job: Job, value: unknown): void {
    const own = job as PoolJob;
    if (own.ready) return;
    this.#release(own);
    own.settleSuccess(value);
    const { options } = own;
    if (options.callback !== undefined) {
      try {
        options.callback(value);
      } catch (error) {
        this.#onCallbackError('callback', own, error);
      }
    }
  }

  /** Reports a job's failure, loss or termination. Ignored when the job has ended before. */
  protected failJob(job: Job, info: ExceptionInfo): void {
    const own = job as PoolJob;
    if (own.ready) return;
    if (info.code === SoftTimeLimitExceeded.code) this.#announceSoft(own);
    this.#release(own);
    own.settleFailure('failure', info);
    const { options } = own;
    if (options.errorCallback !== undefined) {
      try {
        options.errorCallback(info);
      } catch (error) {
        this.#onCallbackError('errorCallback', own, error);
      }
    }
  }

  /** Reports that a job passed its hard limit, when the pool knows before the timer does. */
  protected expireJob(job: Job): void {
    if (job.timeout !== undefined) this.#expire(job as PoolJob, job.timeout);
  }

  /** Passes on what a running job's code posted. Ignored when the job does not run. */
  protected messageJob(job: Job, value: unknown): void {
    const own = job as PoolJob;
    if (own.state !== 'accepted') return;
    const { options } = own;
    if (options.messageCallback === undefined) return;
    try {
      options.messageCallback(value);
    } catch (error) {
      this.#onCallbackError('messageCallback', own, error);
    }
  }

  /** @internal What `job.postMessage` comes to when the job runs in this process. */
  postFromJob(job: Job, value: unknown): void {
    this.messageJob(job, value);
  }

  /** Aborts a job's signal, which its code may heed. */
  protected abortJob(job: Job, reason: Error): void {
    (job as PoolJob).abort(reason);
  }

  #release(job: PoolJob): void {
    this.#deadlines.remove(job);
    this.#unfinished.remove(job);
  }

  #announceSoft(job: PoolJob): void {
    const { softTimeout } = job;
    if (job.softAnnounced || softTimeout === undefined) return;
    job.softAnnounced = true;
    job.abort(new SoftTimeLimitExceeded(softTimeout));
    try {
      job.options.timeoutCallback?.(true, softTimeout);
    } catch (error) {
      this.#onCallbackError('timeoutCallback', job, error);
    }
  }

  #onDeadline(job: PoolJob): void {
    const { softTimeout, timeout, acceptedAt = monotonic() } = job;
    if (softTimeout !== undefined && !job.softAnnounced) {
      if (timeout !== undefined) this.#deadlines.add(job, acceptedAt + softTimeout, timeout - softTimeout);
      this.#announceSoft(job);
      if (!job.ready) this.onSoftTimeout(job);
      return;
    }
    if (timeout !== undefined) this.#expire(job, timeout);
  }

  #expire(job: PoolJob, timeout: number): void {
    if (job.ready) return;
    const exceeded = new TimeLimitExceeded(timeout);
    job.abort(exceeded);
    this.#release(job);
    job.settleFailure('timeout', ExceptionInfo.from(exceeded));
    this.onHardTimeout(job);
    const { options } = job;
    try {
      if (options.timeoutCallback !== undefined) options.timeoutCallback(false, timeout);
      else options.errorCallback?.(ExceptionInfo.from(exceeded));
    } catch (error) {
      this.#onCallbackError('timeoutCallback', job, error);
    }
  }

  #onCallbackError(name: string, job: PoolJob, error: unknown): void {
    if (this.#propagates(error)) throw error;
    this.logger.error(`the ${name} of job ${job.correlationId ?? job.id} threw`, error);
  }

  #propagates(error: unknown): boolean {
    return this.#options.callbacksPropagate.some((type) => error instanceof type);
  }

  get #isQueueingEarly(): boolean {
    const starting = this.#state === INITIAL && this.#started !== undefined && this.#closed === undefined;
    return starting && this.queuesEarly;
  }

  #assertRunning(): void {
    if (this.#state === RUN) return;
    const why =
      this.#state === INITIAL && this.#closed === undefined
        ? 'is not started; await its start() first'
        : 'is closing or has ended and accepts nothing';
    throw new PoolClosedError(`the pool ${why}`);
  }

  #require(capability: keyof PoolCapabilities, present: boolean): void {
    if (present) return;
    const hint =
      capability === 'functions'
        ? ': its jobs run elsewhere; export the function from a module and pass { module, name }'
        : '';
    throw new NotSupportedError(`${this.constructor.name} does not support ${capability}${hint}`, {
      capability,
    });
  }
}

function startError(cause: unknown): PoolStartError {
  return new PoolStartError(
    `the pool did not start: ${cause instanceof Error ? cause.message : String(cause)}`,
    {
      cause,
    },
  );
}
