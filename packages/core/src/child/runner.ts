import {
  ABORT,
  type ChildInit,
  DETAILED_QUICK_JOB,
  FATAL,
  INIT,
  JOB,
  LEAVING,
  MEMORY,
  MESSAGE_WIDTH,
  READY,
  RECALL,
  RETURNED,
  SLOT,
  STOP,
  TARGET,
} from '../child-messages.js';
import { SoftTimeLimitExceeded, Terminated } from '../errors.js';
import { ExceptionInfo } from '../exception-info.js';
import type { JobContext } from '../job.js';
import { importModule, resolveTarget } from '../resolve-target.js';
import { Executor, type LoadedTarget } from './executor.js';
import type { Outlet } from './outlet.js';

/** What a runner needs of the process or thread it is in. */
export interface ChildHost {
  /** The process or thread id, told to the pool. */
  readonly pid: number;
  /** Ends the child. Everything was sent. */
  exit(code: number): void;
  /** The child got its slot: `title` is what to call it. */
  named?(title: string, index: number): void;
  /**
   * Claims the next quick job that the pool has not taken back: its id, cut to 32 bits; undefined if there is none. See
   * `Claims`.
   */
  claim?(): number | undefined;
  /** Its memory in KiB. @default that of the process */
  memory?(): number;
}

/** How many milliseconds lie between two looks at the memory at least, unless a job ran as long. */
const MEMORY_INTERVAL = 5;

/**
 * The inside of a child: runs its jobs, one at a time and in order, and tells its pool. The pool's other half is
 * `ChildPool`; between the two is any channel that carries batches of messages.
 */
export class ChildRunner {
  readonly #outlet: Outlet;
  readonly #host: ChildHost;
  readonly #executor: Executor;
  readonly #targets: LoadedTarget[] = [];
  #init: ChildInit | undefined = undefined;
  #ready = false;
  #stopping = false;
  #ended = false;
  #memoryAt = 0;
  /** What it is at while it starts. */
  #startingBy = 'starting';

  constructor(outlet: Outlet, host: ChildHost) {
    this.#outlet = outlet;
    this.#host = host;
    this.#executor = new Executor(outlet, {
      ...(host.claim === undefined ? {} : { claim: () => host.claim?.() }),
      ended: (now, micros) => {
        if (this.#init?.reportMemory) this.#reportMemory(now, micros);
      },
      idle: () => {
        if (this.#stopping) this.#stop();
      },
    });
  }

  /** Whether it waits for jobs, and has nothing else to do. */
  get idle(): boolean {
    return this.#ready && !this.#executor.busy && !this.#ended;
  }

  /** Takes a batch that came from the pool. */
  receive(batch: readonly unknown[]): void {
    for (let i = 0; i < batch.length; i += MESSAGE_WIDTH) {
      const kind = batch[i] as number;
      const id = batch[i + 1] as number;
      if (kind >= JOB && kind <= DETAILED_QUICK_JOB) {
        const target = this.#targets[batch[i + 2] as number];
        this.#executor.push(kind, id, target, batch[i + 3]);
      } else this.#control(kind, id, batch[i + 2], batch[i + 3]);
    }
    if (this.#ready && !this.#ended) this.#executor.run();
  }

  /** The pool is gone: nobody wants the results. */
  disconnect(): void {
    this.#end(0);
  }

  /** Tells the pool why the child is about to end. */
  fatal(error: unknown, phase: string): void {
    this.#outlet.write(FATAL, this.#currentId, ExceptionInfo.from(error).toJSON(), phase);
    this.#outlet.flush();
  }

  /** Sends the last words of a child that is about to end with this exit code. */
  exiting(code: number): void {
    if (!this.#ended) this.#outlet.write(LEAVING, this.#currentId, code, null);
    this.#outlet.flush();
  }

  /** The job that runs. */
  get current(): JobContext | undefined {
    return this.#executor.current;
  }

  get #currentId(): number {
    return this.#executor.current?.id ?? 0;
  }

  #control(kind: number, id: number, a: unknown, b: unknown): void {
    switch (kind) {
      case INIT:
        this.#init = a as ChildInit;
        this.#start(this.#init).catch((error: unknown) => {
          this.fatal(error, this.#startingBy);
          this.#end(1);
        });
        return;
      case TARGET:
        this.#targets[id] = { module: a as string, name: b as string, fn: undefined };
        return;
      case ABORT: {
        const { current } = this.#executor;
        if (current?.id !== id) return;
        current.abort(a === 0 ? new Terminated('the job is to end') : new SoftTimeLimitExceeded(a as number));
        return;
      }
      case RECALL:
        this.#outlet.write(RETURNED, id, this.#executor.recall(id), null);
        this.#executor.flush();
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
    this.#host.named?.(`${init.title}${init.index === 0 ? 'spare' : init.index}`, init.index);
    for (const module of init.imports) {
      this.#startingBy = `importing '${module}'`;
      await importModule(module);
    }
    if (init.initializer !== null) {
      this.#startingBy = `running the initializer '${init.initializer.name}'`;
      await (await resolveTarget(init.initializer))();
    }
    this.#ready = true;
    this.#outlet.write(READY, 0, this.#host.pid, null);
    this.#outlet.flush();
    this.#executor.run();
  }

  #reportMemory(now: number, micros: number): void {
    if (now - this.#memoryAt < MEMORY_INTERVAL && micros < MEMORY_INTERVAL * 1000) return;
    this.#memoryAt = now;
    const kib = this.#host.memory?.() ?? process.memoryUsage.rss() / 1024;
    this.#outlet.write(MEMORY, 0, Math.round(kib), null);
  }

  #stop(): void {
    const shutdown = this.#init?.shutdown;
    if (!shutdown) {
      this.#end(0);
      return;
    }
    this.#stopping = false;
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
