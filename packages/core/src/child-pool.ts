import { BasePool } from './base-pool.js';
import type { Child, ChildExit, ChildListener, ChildSpec } from './child.js';
import { ChildLink } from './child-link.js';
import type { ChildInit } from './child-messages.js';
import {
  type ChildPoolOptions,
  childPoolOptionNames,
  type ResolvedChildPoolOptions,
  resolveChildPoolOptions,
} from './child-pool-options.js';
import { ChildWatch } from './child-watch.js';
import { Crew } from './crew.js';
import { crewEvents } from './crew-events.js';
import type { CrewHost } from './crew-host.js';
import { Terminated } from './errors.js';
import { ExceptionInfo } from './exception-info.js';
import { discarded, endedBeforeStart, sortHeld } from './held-jobs.js';
import type { Job } from './job.js';
import { JobQueue } from './job-queue.js';
import type { LinkOwner } from './link-owner.js';
import type { PoolJob } from './pool-job.js';
import { Scheduler } from './scheduler.js';
import type { TargetReference } from './target.js';
import { TargetTable } from './target-table.js';
import { Termination } from './termination.js';
import { writesInfo } from './writes-info.js';

/** How many milliseconds a child may be silent before the pool looks what it is at; fewer where nothing is to wait for it. */
const SILENCE = 10;
const FAIR_SILENCE = 1;

/**
 * A pool whose jobs run in children: processes, threads, or anything else that can be spawned, spoken to and killed. All
 * else is here: which child gets a job, acceptance, time limits, replacement, resizing, and what becomes of the jobs of
 * a child that is lost.
 *
 * A concrete pool says what a child is, by `spawnChild`. Inside the child, `ChildRunner` of `@pool/core/child` is the
 * other half.
 */
export abstract class ChildPool extends BasePool {
  static override readonly optionNames: readonly string[] = childPoolOptionNames;

  readonly #options: ResolvedChildPoolOptions;
  readonly #crew: Crew;
  readonly #scheduler: Scheduler;
  readonly #targets: TargetTable = new TargetTable();
  readonly #queue: JobQueue = new JobQueue();
  readonly #dispatch = (): void => this.#dispatchQueued();
  readonly #terminations: Map<PoolJob, Termination> = new Map();
  readonly #watch: ChildWatch;
  /** Whether children are replaced for what they do. */
  readonly #supervised: boolean;
  /** Jobs that are to be dropped if the child they were sent to has not begun them. */
  readonly #discards: Set<PoolJob> = new Set();
  #dispatchPlanned = false;
  #saturated = false;
  #writes = 0;

  constructor(options: ChildPoolOptions = {}) {
    super(options);
    this.#options = resolveChildPoolOptions(options);
    const { scheduling, depth, maxTasksPerChild, maxMemoryPerChild } = this.#options;
    this.#supervised = maxTasksPerChild !== undefined || maxMemoryPerChild !== undefined;
    const watched = {
      checkSilence: (seconds: number) => this.#crew.checkSilence(seconds),
      isBusy: () => this.unfinished > 0,
    };
    this.#watch = new ChildWatch(watched, scheduling === 'fair' ? FAIR_SILENCE : SILENCE);
    this.#scheduler = new Scheduler(scheduling, depth, maxTasksPerChild);
    this.#crew = new Crew(this.#crewHost(), this.#options);
  }

  /**
   * Makes a child and connects it: it calls the listener with what it says and when it ends. Its first message tells it
   * what it is.
   */
  protected abstract spawnChild(spec: ChildSpec, listener: ChildListener): Child | Promise<Child>;

  /** What a child is called in process lists, up to its index. */
  protected get childTitle(): string {
    return `${this.constructor.name.replace(/Pool$/, '')}Child-`;
  }

  /** The options that are of children, defaults filled in. */
  protected get childOptions(): ResolvedChildPoolOptions {
    return this.#options;
  }

  override get numProcesses(): number {
    return this.#crew.size;
  }

  override get queuesEarly(): boolean {
    return true;
  }

  override didStartOk(): boolean {
    return super.didStartOk() && this.#crew.ready.length > 0;
  }

  protected override async onStart(): Promise<void> {
    await this.#crew.start(this.limit);
  }

  protected override async onStop(): Promise<void> {
    this.#watch.end();
    await this.#crew.stop();
  }

  protected override async onTerminate(): Promise<void> {
    this.#watch.end();
    await this.#crew.terminate();
  }

  protected override async onRestart(): Promise<void> {
    await this.#crew.restart();
  }

  protected override async onGrow(n: number): Promise<void> {
    await this.#crew.grow(n);
  }

  protected override onShrink(n: number): void {
    this.#crew.shrink(n);
  }

  protected override onMaintain(): void {
    this.#crew.maintain();
  }

  protected override onApply(job: Job): void {
    const own = job as PoolJob;
    const { scheduleKey } = own.options;
    own.runTimes =
      scheduleKey === undefined
        ? this.#targets.lookUp(own.target as TargetReference).runTimes
        : this.#targets.runTimesOf(scheduleKey);
    this.#queue.push(own);
    this.#watch.keepAlive();
    if (!this.#saturated) this.#planDispatch();
  }

  protected override onSoftTimeout(job: Job): void {
    const own = job as PoolJob;
    own.link?.abort(own, own.softTimeout ?? 0);
  }

  protected override onHardTimeout(job: Job): void {
    const { link } = job as PoolJob;
    if (link === undefined) return;
    (job as PoolJob).runTimes?.distrust();
    if (!link.holdTo(job as PoolJob)) return;
    link.killedFor ??= job as PoolJob;
    this.#crew.kill(link, 'SIGTERM');
  }

  protected override async onTerminateJob(job: Job, signal: NodeJS.Signals): Promise<void> {
    const own = job as PoolJob;
    if (this.#queue.remove(own)) {
      this.failJob(own, endedBeforeStart(signal));
      return;
    }
    if (own.link === undefined) return;
    let termination = this.#terminations.get(own);
    if (termination === undefined) {
      termination = new Termination();
      this.#terminations.set(own, termination);
    }
    termination.signal = signal;
    if (own.state === 'accepted') this.#killSoon(own);
    else own.link.recall(own);
    await termination.ended;
  }

  protected override onDiscard(job: Job): boolean {
    const own = job as PoolJob;
    if (this.#queue.remove(own)) return true;
    if (own.link !== undefined) this.#discards.add(own);
    return false;
  }

  protected override onFlush(): void {
    if (this.#discards.size > 0) for (const link of this.#crew.ready) link.recall(undefined);
  }

  protected override getInfo(): Record<string, unknown> {
    const { maxTasksPerChild = null } = this.#options;
    const { timeout = 0, softTimeout = 0 } = this.defaultTimeouts;
    return {
      processes: this.#crew.ready.map((link) => link.pid),
      'max-tasks-per-child': maxTasksPerChild,
      'put-guarded-by-semaphore': this.putlocks,
      timeouts: [softTimeout, timeout],
      writes: writesInfo(this.#crew.ready, this.#writes, this.#options.scheduling),
    };
  }

  #planDispatch(): void {
    if (this.#dispatchPlanned) return;
    this.#dispatchPlanned = true;
    process.nextTick(this.#dispatch);
  }

  #dispatchQueued(): void {
    this.#dispatchPlanned = false;
    const queue = this.#queue;
    const { ready } = this.#crew;
    let sent = 0;
    let saturated = false;
    for (let job = queue.peek(); job !== undefined; job = queue.peek()) {
      const link = this.#scheduler.pick(ready, job);
      if (link === undefined) {
        saturated = true;
        break;
      }
      queue.shift();
      if (job.ready) continue;
      try {
        link.send(job, this.#targets.lookUp(job.target as TargetReference), job.runTimes?.quick === true);
        sent += 1;
      } catch (error) {
        this.failJob(job, ExceptionInfo.from(error));
      }
    }
    this.#saturated = saturated;
    if (sent === 0) return;
    this.#writes += sent;
    for (const link of ready) {
      link.flush();
      if (this.#options.maxTasksPerChild !== undefined) this.#crew.progressed(link);
    }
    this.#watch.expectWord();
  }

  /** Kills for a job that is to end, unless its end is among what has arrived and was not read. */
  #killSoon(job: PoolJob): void {
    setImmediate(() => {
      const signal = this.#terminations.get(job)?.signal;
      if (signal !== undefined) this.#killFor(job, signal);
    });
  }

  #killFor(job: PoolJob, signal: NodeJS.Signals): void {
    const { link } = job;
    if (link === undefined || !link.holdTo(job)) return;
    const reason = new Terminated('the job is to end', { signal });
    this.abortJob(job, reason);
    link.killedFor ??= job;
    this.#crew.kill(link, signal);
  }

  #settled(job: PoolJob): void {
    if (this.#discards.size > 0) this.#discards.delete(job);
    if (this.#terminations.size === 0) return;
    const termination = this.#terminations.get(job);
    this.#terminations.delete(job);
    termination?.end();
  }

  readonly #links: LinkOwner = {
    linkReady: (link) => this.#crew.onReady(link),
    jobAccepted: (job, link, time) => {
      try {
        this.acceptJob(job, link.pid, time);
      } catch (error) {
        throwLater(error);
      }
      if (this.#terminations.size > 0) this.#killSoon(job);
    },
    jobSucceeded: (job, value) => {
      try {
        this.succeedJob(job, value);
      } catch (error) {
        throwLater(error);
      }
      this.#settled(job);
    },
    jobFailed: (job, info) => this.#fail(job, info),
    jobPosted: (job, value) => {
      try {
        this.messageJob(job, value);
      } catch (error) {
        throwLater(error);
      }
    },
    jobsReturned: (jobs, job) => this.#onReturned(jobs, job),
    linkProgressed: (link) => {
      if (link.phase !== 'ready' || this.#supervised || this.#crew.troubled) this.#crew.progressed(link);
      if (this.#queue.length > 0) this.#dispatchQueued();
      else {
        this.#saturated = false;
        if (this.unfinished === 0) this.#watch.rest();
      }
    },
    linkDrained: () => this.#dispatchQueued(),
    linkExited: (link, exit) => this.#onExit(link, exit),
  };

  #fail(job: PoolJob, info: ExceptionInfo): void {
    try {
      this.failJob(job, info);
    } catch (error) {
      throwLater(error);
    }
    this.#settled(job);
  }

  #onReturned(jobs: PoolJob[], running: PoolJob | undefined): void {
    const again: PoolJob[] = [];
    for (const job of jobs) {
      job.sent -= 1;
      const termination = this.#terminations.get(job);
      if (termination !== undefined) this.#fail(job, endedBeforeStart(termination.signal));
      else if (this.#discards.has(job)) this.#fail(job, discarded());
      else if (!job.ready) again.push(job);
    }
    this.#queue.unshift(again);
    if (again.length > 0) this.#planDispatch();
    // It was asked for because it is to end, and the child has begun it.
    if (running !== undefined) this.#killSoon(running);
  }

  #onExit(link: ChildLink, exit: ChildExit): void {
    link.settleBegun();
    const { started } = link;
    const { again, endings } = sortHeld(link, exit, {
      endedBy: (job) => this.#terminations.get(job)?.signal,
      isDiscarded: (job) => this.#discards.has(job),
      last: this.state === 'TERMINATE',
    });
    for (const [job] of endings.slice(0, started))
      if (job.state === 'pending') this.#links.jobAccepted(job, link, link.activeAt);
    this.#queue.unshift(again);
    this.#crew.onExit(link, exit);
    link.held.clear();
    for (const [job, info] of endings) {
      if (info === undefined) this.#settled(job);
      else this.#fail(job, info);
    }
    if (this.#queue.length > 0) this.#planDispatch();
  }

  #crewHost(): CrewHost {
    return {
      newLink: (index) => new ChildLink(this.#links, this.#targets, index),
      spawn: (link) => {
        const { childTitle } = this;
        const child = this.spawnChild(
          {
            get index() {
              return link.index;
            },
            get label() {
              return `${childTitle}${link.index === 0 ? 'spare' : link.index}`;
            },
          },
          link,
        );
        if (!(child instanceof Promise)) {
          link.attach(child, this.#initOf(link.index));
          return undefined;
        }
        return child.then((made) => link.attach(made, this.#initOf(link.index)));
      },
      logger: this.logger,
      capacityChanged: () => this.#planDispatch(),
      ...crewEvents(this),
    };
  }

  #initOf(index: number): ChildInit {
    const { imports, initializer = null, shutdown = null, maxMemoryPerChild, name } = this.#options;
    return {
      index,
      title: `pool: ${name}:${this.childTitle}`,
      imports,
      initializer,
      shutdown,
      reportMemory: maxMemoryPerChild !== undefined,
    };
  }
}

/** Lets an error that is to go through the pool do so on a stack of its own, where it takes no other job along. */
function throwLater(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}
