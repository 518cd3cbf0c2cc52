import type { Child, ChildExit, ChildListener } from './child.js';
import {
  type ChildInit,
  DONE,
  DONE_VOID,
  FAILED,
  FATAL,
  LEAVING,
  MEMORY,
  MESSAGE_WIDTH,
  POSTED,
  READY,
  RETURNED,
  STARTED,
} from './child-messages.js';
import { ChildOrders } from './child-orders.js';
import { monotonic } from './deadlines.js';
import { ExceptionInfo, type ExceptionInfoData } from './exception-info.js';
import { JobQueue } from './job-queue.js';
import type { LinkOwner } from './link-owner.js';
import type { PoolJob } from './pool-job.js';
import { costOf } from './run-times.js';
import type { TargetEntry, TargetTable } from './target-table.js';

/**
 * Where a child is in its life: `starting` until it says it is ready, `ready` while it takes jobs, `draining` while it
 * finishes what it holds and takes nothing new, `stopping` once told to leave, `killed` once told by a signal, `gone`.
 */
export type ChildPhase = 'starting' | 'ready' | 'draining' | 'stopping' | 'killed' | 'gone';

/** A child as its pool sees it: the jobs it holds, in the order it runs them, and what it told of itself. */
export class ChildLink implements ChildListener {
  readonly #owner: LinkOwner;
  readonly #orders: ChildOrders;
  #child: Child | undefined = undefined;
  #recalled = false;
  /**
   * Whether messages of jobs that were taken back may still lie before the child. Where one does, the child asks for the next
   * quick job, and so claims it before what is in between. They are gone when the child has ended what it was sent since, but
   * for one of those jobs again: it may have run where it lay before.
   */
  #leavings = false;
  #sentSince: PoolJob | undefined = undefined;

  /** The index of its slot, from 1; 0 for a spare. */
  index: number;
  phase: ChildPhase = 'starting';
  pid = 0;
  /** Jobs sent and not ended. Those the child has started come first. */
  readonly held: JobQueue = new JobQueue();
  /** How many of `held` the child is known to have started. */
  started = 0;
  /** How many of `held` are not known to be quick. */
  slowHeld = 0;
  /** Estimated run time of what it holds, in microseconds. */
  cost = 0;
  /** How many bytes or characters it was sent for what it holds, if its child counts them. */
  weight = 0;
  /** How many jobs it was sent, those it gave back not counted. */
  assigned = 0;
  /** How many jobs it has ended. */
  completed = 0;
  /** The last memory it told, in KiB. */
  memory = 0;
  /** Times on the monotonic clock. */
  readonly spawnedAt: number = monotonic();
  readyAt = 0;
  /** When it was last given or ended a job. */
  activeAt = 0;
  /** Why it is to be replaced, once it is. */
  retireReason: string | undefined = undefined;
  /** Why the pool killed it, if it did. */
  killedFor: PoolJob | 'pool' | 'unresponsive' | undefined = undefined;
  /** The last words of a child that ended for an error. */
  fatal: { info: ExceptionInfo; phase: string } | undefined = undefined;
  /** The job it ran when it said it would end; 0 for none, undefined if it did not say. */
  lastJobId: number | undefined = undefined;

  constructor(owner: LinkOwner, targets: TargetTable, index: number) {
    this.#owner = owner;
    this.#orders = new ChildOrders(targets);
    this.index = index;
  }

  /** Connects the child that was spawned and tells it what it is. */
  attach(child: Child, init: ChildInit): void {
    this.#child = child;
    this.pid = child.pid;
    // It may have been to end before it came to be.
    if (this.phase === 'killed') child.kill('SIGKILL');
    else this.#orders.begin(child, init);
  }

  /** Whether quick jobs it has not begun can be taken back whatever it is at. */
  get retractable(): boolean {
    return this.#child?.claims !== undefined;
  }

  get congested(): boolean {
    return this.#child?.congested ?? true;
  }

  /** Whether it was silent for so long that what it had not begun was asked back; until it ends a job. */
  get stuck(): boolean {
    return this.#recalled;
  }

  /** Whether it takes jobs and holds none. */
  get free(): boolean {
    return this.phase === 'ready' && this.held.length === 0;
  }

  /**
   * Hands a job to the child; `flush` sends it.
   *
   * @throws NotTransferableError when it cannot be carried
   */
  send(job: PoolJob, target: TargetEntry, inAdvance: boolean): void {
    // Claimed before what is not, it would run before that, or look as if that had ended.
    const quick = inAdvance && !(this.#leavings && this.#slowWaits) && this.#child?.claims?.full !== true;
    const weight = this.#orders.writeJob(job, target, quick);
    if (this.held.length === 0) this.activeAt = monotonic();
    this.held.push(job);
    job.weight = weight;
    this.weight += weight;
    this.assigned += 1;
    if (quick) this.cost += costOf(job.runTimes);
    else this.slowHeld += 1;
    job.link = this;
    job.sent += 1;
    job.sentQuick = quick;
    if (this.#leavings && !job.takenBack) this.#sentSince ??= job;
  }

  /** Whether it holds a job that it is not to claim and has not begun. */
  get #slowWaits(): boolean {
    const begun = this.started > 0 && this.held.peek()?.sentQuick === false ? 1 : 0;
    return this.slowHeld > begun;
  }

  flush(): void {
    this.#orders.flushJobs(this.held.length === 1 && this.slowHeld === 0);
  }

  /** Aborts the signal of a running job: for its soft limit, or because it is to end if that is 0. */
  abort(job: PoolJob, softTimeout: number): void {
    if (this.#listens) this.#orders.abort(job.id, softTimeout);
  }

  /** Takes back or asks for a job it has not started, or for all of them. */
  recall(job: PoolJob | undefined): void {
    if (!this.#listens) return;
    const back = this.#takeBack();
    const asks = this.started < this.held.length;
    if (asks) this.#orders.recall(job?.id ?? 0);
    const begun = !asks && job?.link === this ? job : undefined;
    if (back.length > 0 || begun !== undefined) this.#owner.jobsReturned(back, begun);
  }

  /**
   * Takes back or asks for all it has not begun, so that it begins nothing while it is killed for the job.
   *
   * @returns whether it may be at the job: false if it has ended it, as it will say, or never began it
   */
  holdTo(job: PoolJob): boolean {
    if (!this.#listens) return true;
    this.recall(undefined);
    const index = this.#indexOf(job.id);
    if (index === -1) return false;
    // Of several it has begun, all but the last have ended; groups that were announced beforehand tell less.
    return !this.retractable || index >= this.started - 1;
  }

  /** Gives a spare its slot. */
  assignSlot(index: number): void {
    this.index = index;
    if (this.#listens) this.#orders.assignSlot(index);
  }

  /** Lets the child leave once it has ended what it holds. */
  stop(): void {
    if (this.phase === 'stopping' || !this.#listens) return;
    this.phase = 'stopping';
    this.#orders.stop();
  }

  kill(signal: NodeJS.Signals): void {
    if (this.phase === 'gone') return;
    this.phase = 'killed';
    this.#child?.kill(signal);
  }

  get #listens(): boolean {
    return this.phase !== 'killed' && this.phase !== 'gone';
  }

  onMessages(batch: readonly unknown[]): void {
    const now = monotonic();
    for (let i = 0; i < batch.length; i += MESSAGE_WIDTH)
      this.#onMessage(batch[i] as number, batch[i + 1] as number, batch[i + 2], batch[i + 3], now);
    this.#owner.linkProgressed(this);
  }

  #onMessage(kind: number, id: number, a: unknown, b: unknown, now: number): void {
    switch (kind) {
      case DONE:
      case DONE_VOID: {
        const job = this.#take(id, b as number, now);
        if (job !== undefined) this.#owner.jobSucceeded(job, kind === DONE ? a : undefined);
        return;
      }
      case FAILED: {
        const job = this.#take(id, b as number, now);
        if (job !== undefined) this.#owner.jobFailed(job, new ExceptionInfo(a as ExceptionInfoData));
        return;
      }
      case STARTED:
        this.#acceptThrough(id, now);
        return;
      case POSTED: {
        const job = this.held.peek();
        if (job?.id === id) this.#owner.jobPosted(job, a);
        return;
      }
      case RETURNED:
        this.#onReturned(id, a as number[]);
        return;
      case READY:
        if (this.phase !== 'starting') return;
        if (typeof a === 'number' && a !== 0) this.pid = a;
        this.phase = 'ready';
        this.readyAt = now;
        this.activeAt = now;
        this.#owner.linkReady(this);
        return;
      case MEMORY:
        this.memory = a as number;
        return;
      case LEAVING:
        this.lastJobId = id;
        return;
      case FATAL:
        this.lastJobId = id;
        this.fatal = { info: new ExceptionInfo(a as ExceptionInfoData), phase: String(b) };
        return;
    }
  }

  /** Takes the job that the child has ended from the front of what it holds. */
  #take(id: number, micros: number, now: number): PoolJob | undefined {
    const job = this.held.peek();
    // Children end jobs in order; anything else is no message of ours.
    if (job === undefined || job.id !== id) return undefined;
    if (job.state === 'pending')
      this.#owner.jobAccepted(job, this, Math.max(now - micros / 1e6, this.readyAt));
    if (this.started > 0) this.started -= 1;
    this.held.shift();
    this.completed += 1;
    this.activeAt = now;
    this.#recalled = false;
    if (job === this.#sentSince) {
      this.#sentSince = undefined;
      this.#leavings = false;
    }
    this.#release(job);
    job.runTimes?.add(micros);
    return job;
  }

  #release(job: PoolJob): void {
    job.link = undefined;
    this.weight -= job.weight;
    if (!job.sentQuick) this.slowHeld -= 1;
    this.cost = this.held.length === 0 ? 0 : Math.max(0, this.cost - costOf(job.runTimes));
  }

  #acceptThrough(id: number, now: number): void {
    const last = this.#indexOf(id);
    for (let i = 0; i <= last; i++) {
      const job = this.held.at(i) as PoolJob;
      if (job.state === 'pending') this.#owner.jobAccepted(job, this, now);
    }
    this.started = Math.max(this.started, last + 1);
  }

  /** Where a job is among those held, by the last 32 bits of its id; -1 if it is not. */
  #indexOf(id: number): number {
    const { length } = this.held;
    for (let i = 0; i < length; i++) if (((this.held.at(i) as PoolJob).id | 0) === (id | 0)) return i;
    return -1;
  }

  #onReturned(asked: number, ids: number[]): void {
    const jobs = this.#giveUp(ids);
    const index = asked === 0 ? -1 : this.#indexOf(asked);
    this.#owner.jobsReturned(jobs, index === -1 ? undefined : this.held.at(index));
  }

  #giveUp(ids: readonly number[]): PoolJob[] {
    const jobs: PoolJob[] = [];
    for (const id of ids) {
      const index = this.#indexOf(id);
      if (index === -1) continue;
      // The child's word counts for more than what was seen of it from outside.
      if (index < this.started) this.started = index;
      const job = this.held.at(index) as PoolJob;
      this.held.remove(job);
      if (job === this.#sentSince) this.#sentSince = undefined;
      this.#release(job);
      jobs.push(job);
    }
    this.assigned -= jobs.length;
    return jobs;
  }

  /**
   * Brings `started` up to date without asking the child, which may be stuck or gone.
   *
   * @returns the ids of quick jobs it has not begun, and cannot any more
   */
  settleBegun(): number[] {
    const { held } = this;
    if (held.length === 0) return [];
    const ids = this.#child?.claims?.takeBack();
    if (ids === undefined) {
      // A quick job that was all a child had is begun without a word, unless the child said otherwise at its end.
      if (this.started === 0 && held.peek()?.sentQuick && this.lastJobId !== 0) this.started = 1;
      return [];
    }
    const end = ids.length === 0 ? held.length : this.#indexOf(ids[0] as number);
    while (this.started < end && held.at(this.started)?.sentQuick) this.started += 1;
    return ids;
  }

  #takeBack(): PoolJob[] {
    const ids = this.settleBegun();
    const jobs = this.#giveUp(ids);
    for (const job of jobs) job.takenBack = true;
    // Those that could not be written count too: something was written in their place.
    if (ids.length > 0) {
      this.#leavings = true;
      this.#sentSince = undefined;
    }
    return jobs;
  }

  /** Whether it holds jobs that it has not said it started; looks into it if it was silent for so many seconds. */
  checkSilence(now: number, seconds: number): boolean {
    if (this.readyAt === 0 || this.started >= this.held.length) return false;
    if (now - this.activeAt < seconds) {
      if (this.#child?.claims?.untidy) this.#owner.jobsReturned(this.#takeBack(), undefined);
      return true;
    }
    const back = this.#takeBack();
    // Of several it has begun, all but the last have ended, and it will say how.
    const current = this.started === 0 ? undefined : this.held.at(this.started - 1);
    if (current?.state === 'pending') this.#owner.jobAccepted(current, this, this.activeAt);
    // What waits behind a job that turned out long can run elsewhere.
    const asks = this.started < this.held.length && !this.#recalled;
    if (asks) this.#orders.recall(0);
    if (asks || back.length > 0) this.#recalled = true;
    if (back.length > 0) this.#owner.jobsReturned(back, undefined);
    return this.started < this.held.length;
  }

  onDrain(): void {
    this.#owner.linkDrained(this);
  }

  onExit(exit: ChildExit): void {
    if (this.phase === 'gone') return;
    this.#owner.linkExited(this, exit);
  }
}
