import { isMainThread, Worker } from 'node:worker_threads';

/** What the watching thread is given. */
export interface StackWatchData {
  /** One number that changes while the event loop turns; 0 while nobody watches. */
  readonly beat: Int32Array<SharedArrayBuffer>;
  /** How long it may stay the same, in seconds. */
  readonly threshold: number;
}

/**
 * Finds out where the event loop is stuck while it is: a thread sees that the beat has stopped and asks the inspector for
 * the main thread's stack. There is one only in a pool on the main thread.
 */
export class StackWatch {
  readonly #beat: Int32Array<SharedArrayBuffer> = new Int32Array(new SharedArrayBuffer(4));
  readonly #threshold: number;
  readonly #onStack: (stack: string) => void;
  #worker: Worker | undefined = undefined;
  #count = 0;

  constructor(threshold: number, onStack: (stack: string) => void) {
    this.#threshold = threshold;
    this.#onStack = onStack;
  }

  /** Starts the thread if it does not run. */
  start(): void {
    if (this.#worker !== undefined || !isMainThread) return;
    const worker = new Worker(new URL('./stack-watch-thread.js', import.meta.url), {
      name: 'pool-stack-watch',
      workerData: { beat: this.#beat, threshold: this.#threshold } satisfies StackWatchData,
    });
    worker.unref();
    worker.on('message', this.#onStack);
    // It is a help and nothing more: without inspector there are no stacks.
    worker.on('error', () => {});
    this.#worker = worker;
  }

  /** The event loop turns. */
  beat(): void {
    this.#count = this.#count === 0x7fffffff ? 1 : this.#count + 1;
    Atomics.store(this.#beat, 0, this.#count);
  }

  /** Nobody need watch until the next beat. */
  rest(): void {
    Atomics.store(this.#beat, 0, 0);
  }

  async stop(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }
}
