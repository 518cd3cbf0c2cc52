import { AsyncResource } from 'node:async_hooks';
import { isLoss, lostBy } from './apply-target.js';
import { BasePool } from './base-pool.js';
import type { PoolCapabilities } from './capabilities.js';
import { jobStorage } from './current-job.js';
import { SystemExit, Terminated, WorkerShutdown, WorkerTerminate } from './errors.js';
import { EventLoopTurn } from './event-loop-turn.js';
import { ExceptionInfo } from './exception-info.js';
import { type ExitWatcher, unwatchExit, watchExit } from './exit-guard.js';
import { InlineLane, type LaneOwner } from './inline-lane.js';
import { flag, type InlinePoolOptions, inlinePoolOptionNames } from './inline-pool-options.js';
import type { Job } from './job.js';
import { JobQueue } from './job-queue.js';
import { PoolJob } from './pool-job.js';
import { TERMINATE } from './pool-state.js';
import { type StrayErrorWatcher, unwatchStrayErrors, watchStrayErrors } from './stray-errors.js';

/**
 * A pool whose jobs run in its own process, on its event loop. It knows everything about them but how many may run:
 * an author says so with `openSlot`.
 *
 * A job that is ended while its code runs frees its slot at once, and its code is told by its signal; nothing can stop
 * code that does not listen, so the log says that it may go on.
 */
export abstract class InlinePool extends BasePool {
  static override readonly optionNames: readonly string[] = inlinePoolOptionNames;

  readonly capabilities: PoolCapabilities;

  readonly #asyncContext: boolean;
  readonly #lanes: Set<InlineLane> = new Set();
  readonly #idle: InlineLane[] = [];
  #line: JobQueue = new JobQueue();
  #opening = 0;
  #drainPlanned = false;
  readonly #turn: EventLoopTurn = new EventLoopTurn(() => this.#drain());
  readonly #scope: AsyncResource;
  readonly #owner: LaneOwner;

  /** @param capabilities where this pool's are not what jobs in the worker's own process allow */
  constructor(options: InlinePoolOptions = {}, capabilities: Partial<PoolCapabilities> = {}) {
    super(options);
    const interrupt = flag('interrupt', options.interrupt, false);
    this.#asyncContext = flag('asyncContext', options.asyncContext, false);
    this.capabilities = Object.freeze({
      functions: true,
      parallel: false,
      hardKill: false,
      terminateJob: true,
      softLimit: interrupt ? 'interrupt' : 'signal',
      isolatedMemory: false,
      isolatedCrashes: false,
      resize: true,
      restart: false,
      recycle: false,
      ...capabilities,
    });
    this.#scope = new AsyncResource('Pool');
    this.#owner = {
      interrupts: interrupt,
      storage: this.#asyncContext ? jobStorage() : undefined,
      scope: this.#scope,
      accept: (job) => this.acceptJob(job),
      called: (job) => this.onCalled(job),
      succeeded: (job, value) => {
        this.onSettled(job);
        this.succeedJob(job, value);
      },
      threw: (job, error, direct) => this.#threw(job, error, direct),
      expired: (job) => this.expireJob(job),
      next: (lane) => this.#next(lane),
      broke: (lane) => {
        lane.job = undefined;
        this.#free(lane);
        this.#planDrain();
      },
    };
  }

  readonly #exits: ExitWatcher = {
    exited: (job, exit) => {
      if (!(job instanceof PoolJob) || job.owner !== this) return false;
      this.failJob(job as Job, ExceptionInfo.from(lostBy(exit)));
      this.#leave(job as Job);
      return true;
    },
    laneExited: (name, exit) => {
      for (const lane of this.#lanes) {
        if (lane.name !== name) continue;
        const { job } = lane;
        if (job !== undefined) {
          this.failJob(job, ExceptionInfo.from(lostBy(exit)));
          this.#leave(job);
        }
        return true;
      }
      return false;
    },
  };

  readonly #strayErrors: StrayErrorWatcher = {
    strayError: (job, error) => {
      if (!(job instanceof PoolJob) || job.owner !== this) return false;
      if (error instanceof SystemExit && job.ready) return true;
      if (job.ready) {
        this.logger.error(`${nameOf(job as Job)} threw after it had ended`, error);
        return true;
      }
      this.failJob(job as Job, ExceptionInfo.from(error));
      this.#leave(job as Job);
      return true;
    },
  };

  /** How many jobs hold a slot. */
  protected get running(): number {
    return this.#lanes.size - this.#idle.length;
  }

  /** The jobs that hold a slot. */
  protected *runningJobs(): IterableIterator<Job> {
    for (const { job } of this.#lanes) if (job !== undefined) yield job;
  }

  /** Whether a job whose turn it is starts within the call of `applyAsync`; else it starts a microtask later. */
  protected get startsInCall(): boolean {
    return false;
  }

  /**
   * Asks for one more slot. `granted` is called once, now or later, when there is one, with the function that gives it
   * back.
   */
  protected abstract openSlot(granted: (release: () => void) => void): void;

  /** The synchronous part of a job's code is over. */
  protected onCalled(_job: Job): void {}

  /** A job's code is over; the job has not ended yet. */
  protected onSettled(_job: Job): void {}

  protected override onStart(): void | Promise<void> {
    watchExit(this.#exits);
    if (this.#asyncContext) watchStrayErrors(this.#strayErrors);
  }

  protected override onStop(): void | Promise<void> {
    this.#release();
  }

  protected override onTerminate(): void | Promise<void> {
    this.#release();
  }

  protected override onApply(job: Job): void {
    if (this.startsInCall && this.#line.length === 0) {
      if (this.#lanes.size === 0) this.#open();
      const lane = this.#idle.pop();
      if (lane !== undefined) {
        lane.run(job, true);
        return;
      }
    }
    this.#line.push(job as PoolJob);
    this.#planDrain();
  }

  protected override onGrow(_n: number): void | Promise<void> {
    this.#planDrain();
  }

  protected override onShrink(_n: number): void | Promise<void> {
    while (this.#lanes.size > this.limit) {
      const lane = this.#idle.pop();
      if (lane === undefined) return;
      this.#close(lane);
    }
  }

  protected override onTerminateJob(job: Job, signal: NodeJS.Signals): void {
    const reason = new Terminated('the job was terminated on request', { signal });
    const ran = job.state === 'accepted';
    if (!ran) this.#line.remove(job as PoolJob);
    this.abortJob(job, reason);
    this.failJob(job, ExceptionInfo.from(reason));
    if (this.#leave(job) && ran)
      this.logger.info(`${nameOf(job)} was terminated: its slot is free, its code may go on`);
  }

  protected override onHardTimeout(job: Job): void {
    if (this.#leave(job)) {
      this.logger.warn(
        `${nameOf(job)} exceeded its time limit of ${job.timeout} s: its slot is free, its code may go on until it heeds its signal`,
      );
    }
  }

  protected override onDiscard(job: Job): boolean {
    return this.#line.remove(job as PoolJob);
  }

  #threw(job: Job, error: unknown, direct: boolean): void {
    this.onSettled(job);
    this.failJob(job, ExceptionInfo.from(isLoss(error) ? lostBy(error) : error));
    if (direct && (error instanceof WorkerShutdown || error instanceof WorkerTerminate)) throw error;
  }

  /** Gives the slot of a job that has ended to others while its code may go on; false when its code is over. */
  #leave(job: Job): boolean {
    const lane = (job as PoolJob).slot as InlineLane | undefined;
    if (lane === undefined || lane.job !== job || lane.calling) return false;
    // A lane of its own keeps what the code still does apart from the next job.
    lane.job = undefined;
    this.#lanes.delete(lane);
    const successor = new InlineLane(this.#owner, lane.release);
    this.#lanes.add(successor);
    this.#free(successor);
    this.#planDrain();
    return true;
  }

  #next(lane: InlineLane): Job | undefined {
    if (this.#lanes.size <= this.limit && this.#line.length > 0 && this.#turn.goesOn())
      return this.#line.shift();
    this.#free(lane);
    return undefined;
  }

  #free(lane: InlineLane): void {
    if (!this.#lanes.has(lane)) return;
    if (this.#lanes.size > this.limit) this.#close(lane);
    else this.#idle.push(lane);
  }

  #open(): void {
    this.#opening += 1;
    this.openSlot((release) => {
      this.#opening -= 1;
      if (this.state === TERMINATE || this.#lanes.size >= this.limit) {
        release();
        return;
      }
      const lane = new InlineLane(this.#owner, release);
      this.#lanes.add(lane);
      this.#idle.push(lane);
      this.#planDrain();
    });
  }

  #close(lane: InlineLane): void {
    this.#lanes.delete(lane);
    lane.release();
  }

  #planDrain(): void {
    if (this.#drainPlanned || this.#line.length === 0) return;
    this.#drainPlanned = true;
    // After all microtasks, so that jobs that are handed in as others end start together.
    process.nextTick(this.#drain);
  }

  readonly #drain = (): void => {
    this.#drainPlanned = false;
    this.#scope.runInAsyncScope(this.#runWaiting, this);
  };

  #runWaiting(): void {
    while (this.#idle.length > 0 && this.#line.length > 0 && this.#turn.goesOn()) {
      const job = this.#line.shift() as PoolJob;
      (this.#idle.pop() as InlineLane).run(job, false);
    }
    const missing = this.limit - this.#lanes.size - this.#opening;
    for (let n = Math.min(missing, this.#line.length); n > 0; n -= 1) this.#open();
  }

  #release(): void {
    unwatchExit(this.#exits);
    unwatchStrayErrors(this.#strayErrors);
    this.#line = new JobQueue();
    this.#idle.length = 0;
    for (const lane of this.#lanes) {
      lane.job = undefined;
      this.#close(lane);
    }
  }
}

function nameOf(job: Job): string {
  return `job ${job.correlationId ?? job.id}`;
}
