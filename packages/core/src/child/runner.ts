import { callTarget, isThenable } from '../apply-target.js';
import {
  ABORT,
  type ChildInit,
  DETAILED_JOB,
  DETAILED_QUICK_JOB,
  DONE,
  DONE_VOID,
  FAILED,
  FATAL,
  INIT,
  JOB,
  type JobDetails,
  LEAVING,
  MEMORY,
  MESSAGE_WIDTH,
  POSTED,
  QUICK_JOB,
  READY,
  RECALL,
  RETURNED,
  SLOT,
  STARTED,
  STOP,
  TARGET,
} from '../child-messages.js';
import { enterJob } from '../current-job.js';
import { SoftTimeLimitExceeded, Terminated } from '../errors.js';
import { ExceptionInfo } from '../exception-info.js';
import { callInterruptibly } from '../interruptible.js';
import { importModule, resolveTarget } from '../resolve-target.js';
import type { TargetFunction, TargetReference } from '../target.js';
import { ChildJob } from './child-job.js';
import { Inbox } from './inbox.js';
import type { Outlet } from './outlet.js';

/** What a runner needs of the process or thread it is in. */
export interface ChildHost {
  /** The process or thread id, told to the pool. */
  readonly pid: number;
  /** Ends the child. Everything was sent. */
  exit(code: number): void;
  /** The child got its slot: `title` is what to call it. */
  named?(title: string, index: number): void;
  /** Notes that a job begins, where the pool finds it even if this child is stuck or dead; see `Child.lastBegun`. */
  began?(id: number): void;
  /** Its memory in KiB. @default that of the process */
  memory?(): number;
}

/** How long quick jobs may run, in microseconds, before what is known of them is sent. */
const GROUP_MICROS = 400;
/** How many of them are announced at a time by a child that cannot note which it began. */
const MAX_GROUP = 64;
/** How long jobs may follow one another, in milliseconds, before the event loop gets its turn. */
const TURN_MS = 2;
/** How many milliseconds lie between two looks at the memory at least, unless a job ran as long. */
const MEMORY_INTERVAL = 5;

interface LoadedTarget extends TargetReference {
  fn: TargetFunction | undefined;
}

/**
 * Runs a child's jobs, one at a time and in order, and tells its pool. The pool's other half is `ChildPool`; between
 * the two is any channel that carries batches of messages.
 */
export class ChildRunner {
  readonly #outlet: Outlet;
  readonly #host: ChildHost;
  readonly #inbox: Inbox = new Inbox();
  readonly #targets: LoadedTarget[] = [];
  #init: ChildInit | undefined = undefined;
  #ready = false;
  #stopping = false;
  #ended = false;
  /** How many jobs at the front of the inbox the pool knows to be started. */
  #granted = 0;
  #current: ChildJob | undefined = undefined;
  /** Whether the pool has been told that the current job started. */
  #announced = false;
  #busy = false;
  #started = 0;
  #unsent = 0;
  /** When the last job ended, and when what was known was last sent. */
  #now = 0;
  #sentAt = 0;
  #quickMicros = 10;
  #turnStarted = 0;
  #immediate: NodeJS.Immediate | undefined = undefined;
  #memoryAt = 0;
  readonly #onResolved = (value: unknown): void => this.#onSettled(value, false);
  readonly #onRejected = (error: unknown): void => this.#onSettled(error, true);

  constructor(outlet: Outlet, host: ChildHost) {
    this.#outlet = outlet;
    this.#host = host;
  }

  /** The id of the job that runs, or 0. */
  get currentId(): number {
    return this.#current?.id ?? 0;
  }

  /** Whether it waits for jobs, and has nothing else to do. */
  get idle(): boolean {
    return this.#ready && !this.#busy && !this.#ended;
  }

  /** Takes a batch that came from the pool. */
  receive(batch: readonly unknown[]): void {
    for (let i = 0; i < batch.length; i += MESSAGE_WIDTH) {
      const kind = batch[i] as number;
      if (kind >= JOB && kind <= DETAILED_QUICK_JOB)
        this.#inbox.push(kind, batch[i + 1] as number, batch[i + 2], batch[i + 3]);
      else this.#control(kind, batch[i + 1] as number, batch[i + 2], batch[i + 3]);
    }
    if (!this.#busy && this.#ready) {
      this.#startTurn();
      this.#run();
    }
  }

  #startTurn(): void {
    this.#now = performance.now();
    this.#turnStarted = this.#now;
    if (this.#unsent === 0) this.#sentAt = this.#now;
  }

  /** The pool is gone: nobody wants the results. */
  disconnect(): void {
    this.#end(0);
  }

  /** Tells the pool why the child is about to end. */
  fatal(error: unknown, phase: string): void {
    this.#outlet.write(FATAL, this.currentId, ExceptionInfo.from(error).toJSON(), phase);
    this.flush();
  }

  /** Sends the last words of a child that is about to end with this exit code. */
  exiting(code: number): void {
    if (!this.#ended) this.#outlet.write(LEAVING, this.currentId, code, null);
    this.flush();
  }

  /** Sends what the pool has not been told. */
  flush(): void {
    this.#unsent = 0;
    this.#sentAt = this.#now;
    this.#outlet.flush();
  }

  /** A job's code posts a value. */
  post(job: ChildJob, value: unknown): void {
    if (job !== this.#current) return;
    this.#outlet.write(POSTED, job.id, value, null);
    if (!this.#announced) this.#announce();
    else this.flush();
  }

  #control(kind: number, id: number, a: unknown, b: unknown): void {
    switch (kind) {
      case INIT:
        this.#init = a as ChildInit;
        this.#start(this.#init).catch((error: unknown) => {
          this.fatal(error, 'starting');
          this.#end(1);
        });
        return;
      case TARGET:
        this.#targets[id] = { module: a as string, name: b as string, fn: undefined };
        return;
      case ABORT:
        if (this.#current?.id === id)
          this.#current.abort(
            a === 0 ? new Terminated('the job is to end') : new SoftTimeLimitExceeded(a as number),
          );
        return;
      case RECALL:
        this.#outlet.write(RETURNED, id, this.#inbox.remove(id, this.#granted), null);
        this.flush();
        return;
      case SLOT:
        this.#host.named?.(`${this.#init?.title}${id}`, id);
        return;
      case STOP:
        this.#stopping = true;
        return;
    }
  }

  async #start(init: ChildInit): Promise<void> {
    if (init.index > 0) this.#host.named?.(`${init.title}${init.index}`, init.index);
    for (const module of init.imports) await importModule(module);
    if (init.initializer !== null) await (await resolveTarget(init.initializer))();
    this.#ready = true;
    this.#outlet.write(READY, 0, this.#host.pid, null);
    this.flush();
    this.#run();
  }

  #run(): void {
    while (this.#inbox.length > 0) {
      if (this.#granted === 0) this.#grant();
      this.#granted -= 1;
      if (!this.#execute()) return;
      if (this.#inbox.length === 0) break;
      if (this.#now - this.#turnStarted > TURN_MS) {
        this.#yield();
        return;
      }
      if (this.#unsent > 0 && this.#now - this.#sentAt > GROUP_MICROS / 1000) this.flush();
    }
    this.#busy = false;
    if (this.#unsent > 0) this.flush();
    if (this.#stopping) this.#stop();
  }

  /** Says which jobs start now, together with what is known of those before. */
  #grant(): void {
    const inbox = this.#inbox;
    const kind = inbox.at(0, 0);
    const quick = kind === QUICK_JOB || kind === DETAILED_QUICK_JOB;
    this.#announced = true;
    if (!quick) this.#granted = 1;
    else if (this.#host.began !== undefined || (inbox.length === 1 && this.#unsent === 0)) {
      this.#granted = 1;
      this.#announced = false;
      return;
    } else {
      const most = Math.min(inbox.length, MAX_GROUP, Math.max(1, GROUP_MICROS / this.#quickMicros));
      let count = 1;
      for (; count < most; count++) {
        const next = inbox.at(count, 0);
        if (next !== QUICK_JOB && next !== DETAILED_QUICK_JOB) break;
      }
      this.#granted = count;
    }
    this.#outlet.write(STARTED, inbox.at(this.#granted - 1, 1) as number, null, null);
    this.flush();
  }

  /** Runs the first job of the inbox; false if it goes on after this call. */
  #execute(): boolean {
    const inbox = this.#inbox;
    const kind = inbox.at(0, 0) as number;
    const id = inbox.at(0, 1) as number;
    const target = this.#targets[inbox.at(0, 2) as number] as LoadedTarget;
    const payload = inbox.at(0, 3);
    inbox.shift();
    this.#busy = true;
    this.#host.began?.(id);
    let args = payload as readonly unknown[];
    let kwargs: Readonly<Record<string, unknown>> | null = null;
    let correlationId: string | null = null;
    let softTimeout = 0;
    if (kind === DETAILED_JOB || kind === DETAILED_QUICK_JOB)
      [args, kwargs, correlationId, softTimeout] = payload as JobDetails;
    const job = new ChildJob(id, correlationId ?? undefined, this);
    this.#current = job;
    if (target.fn !== undefined) return this.#call(job, target.fn, args, kwargs, softTimeout);
    resolveTarget(target).then(
      (fn) => {
        target.fn = fn;
        this.#startTurn();
        if (this.#call(job, fn, args, kwargs, softTimeout)) this.#run();
      },
      (error: unknown) => {
        this.#started = performance.now();
        this.#onSettled(error, true);
      },
    );
    this.#announceSoon();
    return false;
  }

  #call(
    job: ChildJob,
    fn: TargetFunction,
    args: readonly unknown[],
    kwargs: Readonly<Record<string, unknown>> | null,
    softTimeout: number,
  ): boolean {
    const before = enterJob(job);
    this.#started = performance.now();
    let value: unknown;
    try {
      if (softTimeout > 0)
        value = callInterruptibly(
          () => callTarget(fn, args, kwargs ?? {}),
          softTimeout,
          () => new SoftTimeLimitExceeded(softTimeout),
        );
      else value = kwargs === null ? fn(...args) : callTarget(fn, args, kwargs);
    } catch (error) {
      this.#finish(error, true);
      return true;
    } finally {
      enterJob(before);
    }
    if (!isThenable(value)) {
      this.#finish(value, false);
      return true;
    }
    if (value instanceof Promise) value.then(this.#onResolved, this.#onRejected);
    else Promise.resolve(value).then(this.#onResolved, this.#onRejected);
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
    this.#current = undefined;
    const now = performance.now();
    this.#now = now;
    const micros = Math.round((now - this.#started) * 1000);
    this.#unsent += 1;
    try {
      if (failed) this.#outlet.write(FAILED, id, ExceptionInfo.from(value).toJSON(), micros);
      else if (value === undefined) this.#outlet.write(DONE_VOID, id, null, micros);
      else this.#outlet.write(DONE, id, value, micros);
    } catch (error) {
      this.#outlet.write(FAILED, id, ExceptionInfo.from(error).toJSON(), micros);
    }
    if (micros < GROUP_MICROS) this.#quickMicros += (micros + 0.5 - this.#quickMicros) / 16;
    if (this.#init?.reportMemory) this.#reportMemory(now, micros);
  }

  #reportMemory(now: number, micros: number): void {
    if (now - this.#memoryAt < MEMORY_INTERVAL && micros < MEMORY_INTERVAL * 1000) return;
    this.#memoryAt = now;
    const kib = this.#host.memory?.() ?? process.memoryUsage.rss() / 1024;
    this.#outlet.write(MEMORY, 0, Math.round(kib), null);
  }

  #announce(): void {
    this.#announced = true;
    if (this.#current !== undefined) this.#outlet.write(STARTED, this.#current.id, null, null);
    this.flush();
  }

  /** A job that is still under way when the event loop comes round is not one that ends in the same breath. */
  #announceSoon(): void {
    this.#immediate ??= setImmediate(() => {
      this.#immediate = undefined;
      if (!this.#announced) this.#announce();
      else if (this.#unsent > 0) this.flush();
    });
  }

  #yield(): void {
    this.flush();
    setImmediate(() => {
      this.#startTurn();
      this.#run();
    });
  }

  #stop(): void {
    const shutdown = this.#init?.shutdown;
    if (!shutdown) {
      this.#end(0);
      return;
    }
    this.#busy = true;
    resolveTarget(shutdown)
      .then((fn) => fn(this.#host.pid, 0))
      .catch((error: unknown) => console.error('the shutdown hook failed', error))
      .finally(() => this.#end(0));
  }

  #end(code: number): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#host.exit(code);
  }
}
