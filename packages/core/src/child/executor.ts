import { callTarget, isThenable } from '../apply-target.js';
import {
  DETAILED_JOB,
  DETAILED_QUICK_JOB,
  DONE,
  DONE_VOID,
  FAILED,
  type JobDetails,
  POSTED,
  STARTED,
} from '../child-messages.js';
import { enterJob } from '../current-job.js';
import { SoftTimeLimitExceeded } from '../errors.js';
import { ExceptionInfo } from '../exception-info.js';
import { callInterruptibly } from '../interruptible.js';
import { resolveTarget } from '../resolve-target.js';
import type { TargetFunction, TargetReference } from '../target.js';
import { ChildJob } from './child-job.js';
import { Inbox } from './inbox.js';
import type { Outlet } from './outlet.js';

/** A target and, once it is loaded, its function. */
export interface LoadedTarget extends TargetReference {
  fn: TargetFunction | undefined;
}

/** What an executor needs of the child it is in. */
export interface ExecutorHost {
  claim?(): number | undefined;
  /** A job ended at a time in milliseconds, after so many microseconds. Its message is not sent yet. */
  ended(now: number, micros: number): void;
  /** There is nothing to run. */
  idle(): void;
}

/** How long quick jobs may run, in milliseconds, before what is known of them is sent. */
const GROUP_MS = 0.4;
/** How many of them are announced at a time by a child that does not claim them. */
const MAX_GROUP = 64;
/** How long jobs may follow one another, in milliseconds, before the event loop gets its turn. */
const TURN_MS = 2;

/**
 * How many milliseconds before a soft limit strikes nothing is sent any more, since half of a message is worse than none,
 * and no job begins that could be the next.
 */
const HANDS_OFF_MS = 10;

/** Runs a child's jobs, one at a time and in order, and says how they went. */
export class Executor {
  readonly #outlet: Outlet;
  readonly #host: ExecutorHost;
  readonly #inbox: Inbox = new Inbox();
  /** How many jobs at the front of the inbox may run without another word to the pool. */
  #granted = 0;
  /** The id that was claimed of a job that has not arrived yet. */
  #claimed: number | undefined = undefined;
  /** Whether it is about to claim one: at the end of a watch that means that it was interrupted. */
  #claiming = false;
  #current: ChildJob | undefined = undefined;
  /** Whether the current job goes on by itself until its promise settles. */
  #awaiting = false;
  /** Whether the pool has been told that the current job started. */
  #announced = false;
  #busy = false;
  #started = 0;
  /** When the last job ended, when what was known was last sent, when the event loop last had its turn. */
  #now = 0;
  #sentAt = 0;
  #turnAt = 0;
  #unsent = 0;
  /** Mean run time of quick jobs, in milliseconds. */
  #mean = 0.01;
  #immediate: NodeJS.Immediate | undefined = undefined;
  /** When the watchdog strikes that watches over what runs now. */
  #strikesAt: number = Number.POSITIVE_INFINITY;
  readonly #onResolved = (value: unknown): void => this.#onSettled(value, false);
  readonly #onRejected = (error: unknown): void => this.#onSettled(error, true);

  constructor(outlet: Outlet, host: ExecutorHost) {
    this.#outlet = outlet;
    this.#host = host;
  }

  /** Whether it has something to do. */
  get busy(): boolean {
    return this.#busy;
  }

  /** The job that runs. */
  get current(): ChildJob | undefined {
    return this.#current;
  }

  /** Puts a job in line; `run` starts it. */
  push(kind: number, id: number, target: LoadedTarget | undefined, payload: unknown): void {
    this.#inbox.push(kind, id, target, payload);
  }

  /** Takes out the job with this id if it has not started, or all such if it is 0; gives back their ids. */
  recall(id: number): number[] {
    return this.#inbox.remove(id, this.#granted, this.#host.claim !== undefined);
  }

  /** Runs what is in line, unless something runs. */
  run(): void {
    if (this.#busy) return;
    this.#startTurn();
    this.#run();
  }

  /** Sends what the pool has not been told. */
  flush(): void {
    this.#unsent = 0;
    this.#sentAt = this.#now;
    this.#outlet.flush();
  }

  /** Sends a value that a job's code posts. */
  post(job: ChildJob, value: unknown): void {
    if (job !== this.#current) return;
    this.#writeStarted();
    try {
      this.#outlet.write(POSTED, job.id, value, null);
    } finally {
      if (this.#strikesAt - performance.now() > HANDS_OFF_MS) this.flush();
      else this.#unsent += 1;
    }
  }

  #startTurn(): void {
    this.#now = performance.now();
    this.#turnAt = this.#now;
    if (this.#unsent === 0) this.#sentAt = this.#now;
  }

  #run(): void {
    while (this.#inbox.length > 0) {
      this.#busy = true;
      if (!this.#mayRun()) continue;
      // A module that is interrupted while it loads is broken for good, and Node's loader with it.
      const softTimeout = this.#inbox.isLoaded ? this.#inbox.softTimeout : 0;
      if (!(softTimeout === 0 ? this.#execute() : this.#runWatched(softTimeout))) return;
      if (this.#inbox.length === 0) break;
      if (this.#now - this.#turnAt > TURN_MS) {
        this.#yield();
        return;
      }
      if (this.#unsent > 0 && this.#now - this.#sentAt > GROUP_MS) this.flush();
    }
    this.#busy = false;
    if (this.#unsent > 0) this.flush();
    this.#host.idle();
  }

  /**
   * Runs jobs with this soft limit; false if one goes on after this call. Setting the watchdog up takes longer than a
   * quick job does, so those that follow one another share it.
   */
  #runWatched(softTimeout: number): boolean {
    return this.#watched(softTimeout, () => {
      const until = Math.min(this.#now + GROUP_MS, this.#strikesAt - HANDS_OFF_MS);
      do {
        if (!this.#execute()) return false;
      } while (
        this.#now < until &&
        this.#outlet.full !== true &&
        this.#inbox.quick &&
        this.#mayRun() &&
        this.#inbox.isLoaded &&
        this.#inbox.softTimeout === softTimeout
      );
      return true;
    });
  }

  /** Calls what runs jobs under V8's watchdog; if it strikes, the job that runs fails. */
  #watched(softTimeout: number, run: () => boolean): boolean {
    this.#strikesAt = performance.now() + softTimeout * 1000;
    try {
      return callInterruptibly(run, softTimeout, () => new SoftTimeLimitExceeded(softTimeout));
    } catch (error) {
      // What a job throws is caught where it is called; this is the watchdog's, which leaves no `finally` a chance.
      if (!(error instanceof SoftTimeLimitExceeded)) throw error;
      enterJob(undefined);
      this.#current?.abort(error);
      // It struck after the last line that it watches over; what goes on now heeds the signal, or does not.
      if (this.#awaiting) return false;
      if (this.#claiming) leave();
      if (this.#current !== undefined) {
        if (this.#inbox.length > 0 && this.#inbox.id === this.#current.id) this.#takeFirst();
        this.#finish(error, true);
      }
      return true;
    } finally {
      this.#strikesAt = Number.POSITIVE_INFINITY;
      this.#sendIfFull();
    }
  }

  /** Whether the first job of the inbox may run now; drops those that are no longer this child's. */
  #mayRun(): boolean {
    if (this.#granted > 0) return true;
    const { quick } = this.#inbox;
    if (quick && this.#host.claim !== undefined) {
      this.#claiming = true;
      const id = this.#claimed ?? this.#host.claim();
      this.#claimed = undefined;
      const mine = this.#claim(id);
      this.#claiming = false;
      return mine;
    }
    this.#grant(quick);
    return true;
  }

  /** The pool leaves the messages of jobs that it took back, and may have sent them anew. */
  #claim(id: number | undefined): boolean {
    const inbox = this.#inbox;
    while (inbox.quick) {
      if (id !== undefined && (inbox.id | 0) === id) {
        this.#granted = 1;
        this.#announced = false;
        return true;
      }
      inbox.shift();
    }
    this.#claimed = id;
    return false;
  }

  /** Says which jobs start now, together with what is known of those before. */
  #grant(quick: boolean): void {
    const inbox = this.#inbox;
    this.#announced = true;
    if (!quick) this.#granted = 1;
    else if (inbox.length === 1 && this.#unsent === 0) {
      this.#granted = 1;
      this.#announced = false;
      return;
    } else this.#granted = inbox.countQuick(Math.min(MAX_GROUP, Math.max(1, GROUP_MS / this.#mean)));
    this.#outlet.write(STARTED, inbox.idAt(this.#granted - 1), null, null);
    this.flush();
  }

  /** Runs the first job of the inbox; false if it goes on after this call. */
  #execute(): boolean {
    const inbox = this.#inbox;
    const { kind, id, target, payload, softTimeout } = inbox;
    if (target === undefined) {
      this.#takeFirst();
      return true;
    }
    let args = payload as readonly unknown[];
    let kwargs: Readonly<Record<string, unknown>> | null = null;
    let correlationId: string | null = null;
    if (kind === DETAILED_JOB || kind === DETAILED_QUICK_JOB)
      [args, kwargs, correlationId] = payload as JobDetails;
    const job = new ChildJob(id, correlationId ?? undefined, this);
    // In this order: where a soft limit strikes in between, it is the job's, and `#watched` takes it out.
    this.#current = job;
    this.#takeFirst();
    if (target.fn !== undefined) return this.#call(job, target.fn, args, kwargs);
    this.#load(target, softTimeout, (fn) => this.#call(job, fn, args, kwargs));
    return false;
  }

  #takeFirst(): void {
    this.#inbox.shift();
    this.#granted -= 1;
  }

  #load(target: LoadedTarget, softTimeout: number, call: (fn: TargetFunction) => boolean): void {
    resolveTarget(target).then(
      (fn) => {
        target.fn = fn;
        this.#startTurn();
        const ended = softTimeout === 0 ? call(fn) : this.#watched(softTimeout, () => call(fn));
        if (ended) this.#run();
      },
      (error: unknown) => {
        this.#started = performance.now();
        this.#onSettled(error, true);
      },
    );
    this.#announceSoon();
  }

  #call(
    job: ChildJob,
    fn: TargetFunction,
    args: readonly unknown[],
    kwargs: Readonly<Record<string, unknown>> | null,
  ): boolean {
    const before = enterJob(job);
    this.#started = performance.now();
    let value: unknown;
    let later: boolean;
    try {
      value = kwargs === null ? fn(...args) : callTarget(fn, args, kwargs);
      later = isThenable(value);
    } catch (error) {
      enterJob(before);
      this.#finish(error, true);
      return true;
    }
    enterJob(before);
    if (!later) {
      this.#finish(value, false);
      return true;
    }
    const promise = value instanceof Promise ? value : Promise.resolve(value);
    if (this.#strikesAt === Number.POSITIVE_INFINITY) promise.then(this.#onResolved, this.#onRejected);
    // The watchdog may strike here, and then it is the end of the job, whatever becomes of its promise.
    else
      promise.then(
        (result) => this.#current === job && this.#onSettled(result, false),
        (error) => this.#current === job && this.#onSettled(error, true),
      );
    this.#awaiting = true;
    this.#announceSoon();
    return false;
  }

  #onSettled(value: unknown, failed: boolean): void {
    this.#finish(value, failed);
    if (this.#immediate === undefined) this.#startTurn();
    this.#run();
  }

  #finish(value: unknown, failed: boolean): void {
    const { id } = this.#current as ChildJob;
    const now = performance.now();
    const micros = Math.round((now - this.#started) * 1000);
    this.#now = now;
    try {
      if (failed) this.#outlet.write(FAILED, id, ExceptionInfo.from(value).toJSON(), micros);
      else if (value === undefined) this.#outlet.write(DONE_VOID, id, null, micros);
      else this.#outlet.write(DONE, id, value, micros);
    } catch (error) {
      this.#outlet.write(FAILED, id, ExceptionInfo.from(error).toJSON(), micros);
    }
    this.#current = undefined;
    this.#awaiting = false;
    this.#unsent += 1;
    if (now - this.#started < GROUP_MS) this.#mean += (now - this.#started + 0.0005 - this.#mean) / 16;
    this.#host.ended(now, micros);
    this.#sendIfFull();
  }

  #sendIfFull(): void {
    if (this.#outlet.full === true && this.#strikesAt === Number.POSITIVE_INFINITY) this.flush();
  }

  #writeStarted(): void {
    if (this.#announced) return;
    this.#announced = true;
    if (this.#current !== undefined) this.#outlet.write(STARTED, this.#current.id, null, null);
  }

  /** A job that is still under way when the event loop comes round is not one that ends in the same breath. */
  #announceSoon(): void {
    this.#immediate ??= setImmediate(() => {
      this.#immediate = undefined;
      if (this.#announced && this.#unsent === 0) return;
      this.#writeStarted();
      this.flush();
    });
  }

  #yield(): void {
    this.flush();
    setImmediate(() => {
      this.#startTurn();
      this.#run();
    });
  }
}

/** Which job it has claimed nobody in here knows any more; what becomes of those it was sent is for the pool to say. */
function leave(): never {
  console.error('a time limit interrupted the claim of a job, so this child has to end');
  process.exit(1);
}
