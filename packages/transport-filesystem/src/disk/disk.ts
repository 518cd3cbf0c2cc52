import { Worker } from 'node:worker_threads';
import type { DiskOperation, DiskOperations, DiskReply, DiskRequest } from './protocol.js';

interface Call {
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
}

/** How long the thread outlives its last session: transports that follow each other share it. */
const lingerMs = 1000;

/** The disk thread of this process. It starts with the first session and ends soon after the last. */
class DiskThread {
  readonly #worker: Worker;
  readonly #calls = new Map<number, Call>();
  readonly #sessions = new Map<number, { onWake: () => void; onLost: (error: Error) => void }>();
  #lastId = 0;
  #ended = false;
  #lingering: NodeJS.Timeout | undefined;

  constructor() {
    this.#worker = new Worker(new URL('./disk-thread.js', import.meta.url), {
      name: 'pool-filesystem',
      execArgv: [],
      stdin: false,
    });
    this.#worker.unref();
    this.#worker.on('message', (reply: DiskReply) => this.#onReply(reply));
    this.#worker.on('error', (error) => this.#onEnd(error));
    this.#worker.on('exit', (code) => this.#onEnd(new Error(`the disk thread ended with code ${code}`)));
  }

  get ended(): boolean {
    return this.#ended;
  }

  add(session: number, onWake: () => void, onLost: (error: Error) => void): void {
    clearTimeout(this.#lingering);
    this.#sessions.set(session, { onWake, onLost });
  }

  remove(session: number): void {
    this.#sessions.delete(session);
    if (this.#sessions.size > 0 || this.#ended) return;
    clearTimeout(this.#lingering);
    this.#lingering = setTimeout(() => this.#end(), lingerMs);
    this.#lingering.unref();
  }

  call(session: number, operation: DiskOperation, args: unknown[]): Promise<unknown> {
    if (this.#ended) return Promise.reject(new Error('the disk thread has ended'));
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      this.#calls.set(id, { resolve, reject });
      // Only an operation under way is a reason to keep the process.
      if (this.#calls.size === 1) this.#worker.ref();
      this.#worker.postMessage({ session, id, operation, arguments: args } satisfies DiskRequest);
    });
  }

  #end(): void {
    this.#ended = true;
    void this.#worker.terminate();
  }

  #onReply({ session, id, value, error }: DiskReply): void {
    if (id === 0) {
      this.#sessions.get(session)?.onWake();
      return;
    }
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    if (this.#calls.size === 0) this.#worker.unref();
    if (error === undefined) call?.resolve(value);
    else call?.reject(Object.assign(new Error(error.message), { code: error.code }));
  }

  #onEnd(error: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const call of this.#calls.values()) call.reject(error);
    this.#calls.clear();
    for (const { onLost } of this.#sessions.values()) onLost(error);
    this.#sessions.clear();
  }
}

let thread: DiskThread | undefined;
let lastSession = 0;

/** The files of one transport, operated by the disk thread. */
export class Disk {
  readonly #thread: DiskThread;
  readonly #session: number = ++lastSession;

  /** `onWake`: there may be messages. `onLost`: the thread has ended; nothing works any more. */
  constructor(onWake: () => void, onLost: (error: Error) => void) {
    if (thread === undefined || thread.ended) thread = new DiskThread();
    this.#thread = thread;
    this.#thread.add(this.#session, onWake, onLost);
  }

  /** Runs an operation. Operations run one after the other, in the order of these calls. */
  run<Name extends DiskOperation>(
    operation: Name,
    ...args: Parameters<DiskOperations[Name]>
  ): Promise<ReturnType<DiskOperations[Name]>> {
    return this.#thread.call(this.#session, operation, args) as Promise<ReturnType<DiskOperations[Name]>>;
  }

  /** Removes what is left of this transport. */
  async close(): Promise<void> {
    try {
      if (!this.#thread.ended) await this.run('close');
    } finally {
      this.#thread.remove(this.#session);
    }
  }
}
