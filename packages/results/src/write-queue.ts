import { SUCCESS } from '@pool/message';
import type { ResultEntry } from './result-store.js';

/** Writes a batch; throws if none was written, returns the errors by position if only some were not. */
export type WriteBatch = (
  entries: readonly ResultEntry[],
) => Promise<readonly (Error | undefined)[] | undefined>;

interface Pending {
  readonly entry: ResultEntry;
  readonly settle: readonly ((error?: unknown) => void)[];
}

/**
 * Gathers entries until the code that runs has run, or the write under way has ended, and hands them over in one batch
 * that holds each id once: the first of a burst is on its way at once, the others follow together.
 */
export class WriteQueue {
  readonly #write: WriteBatch;
  readonly #maxBatch: number;
  #pending = new Map<string, Pending>();
  #running: Promise<void> | undefined;

  constructor(write: WriteBatch, maxBatch: number) {
    this.#write = write;
    this.#maxBatch = maxBatch;
  }

  /** How many ids wait to be written. */
  get size(): number {
    return this.#pending.size;
  }

  add(entries: readonly ResultEntry[]): Promise<void> {
    if (entries.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      let left = entries.length;
      const settle = (error?: unknown): void => {
        if (error !== undefined) reject(error);
        else if (--left === 0) resolve();
      };
      const own = [settle];
      for (const entry of entries) {
        const earlier = this.#pending.get(entry.id);
        const kept = earlier?.entry.state === SUCCESS ? earlier.entry : entry;
        this.#pending.set(entry.id, { entry: kept, settle: earlier ? [...earlier.settle, settle] : own });
      }
      this.#running ??= this.#run();
    });
  }

  /** Resolves when all that was added has been written, or has failed to. */
  async drain(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #run(): Promise<void> {
    await new Promise<void>((resolve) => process.nextTick(resolve));
    while (this.#pending.size > 0) {
      const batch = this.#take();
      let errors: readonly (Error | undefined)[] | undefined;
      let failure: unknown;
      try {
        errors = await this.#write(batch.map((pending) => pending.entry));
      } catch (thrown) {
        failure = thrown ?? new Error('the write failed');
      }
      batch.forEach(({ settle }, i) => {
        for (const done of settle) done(failure ?? errors?.[i]);
      });
    }
    this.#running = undefined;
  }

  #take(): Pending[] {
    if (this.#pending.size <= this.#maxBatch) {
      const all = [...this.#pending.values()];
      this.#pending = new Map();
      return all;
    }
    const batch: Pending[] = [];
    for (const [id, pending] of this.#pending) {
      if (batch.length === this.#maxBatch) break;
      batch.push(pending);
      this.#pending.delete(id);
    }
    return batch;
  }
}
