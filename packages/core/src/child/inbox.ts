import {
  DETAILED_JOB,
  DETAILED_QUICK_JOB,
  type JobDetails,
  MESSAGE_WIDTH,
  QUICK_JOB,
} from '../child-messages.js';
import type { LoadedTarget } from './executor.js';

/** The jobs a child was sent and has not started, in order: a flat array that is read from the front. */
export class Inbox {
  #items: unknown[] = [];
  #head = 0;

  get length(): number {
    return (this.#items.length - this.#head) / MESSAGE_WIDTH;
  }

  push(kind: number, id: number, target: LoadedTarget | undefined, payload: unknown): void {
    this.#items.push(kind, id, target, payload);
  }

  /** Of the first job, as all that follow. */
  get kind(): number {
    return this.#items[this.#head] as number;
  }

  get id(): number {
    return this.#items[this.#head + 1] as number;
  }

  /** Undefined if there is nothing to do. */
  get target(): LoadedTarget | undefined {
    return this.#items[this.#head + 2] as LoadedTarget | undefined;
  }

  get payload(): unknown {
    return this.#items[this.#head + 3];
  }

  /** Whether the first job's function is there, or it has none. */
  get isLoaded(): boolean {
    const { target } = this;
    return target === undefined || target.fn !== undefined;
  }

  /** Whether there is a first job and it is a quick one. */
  get quick(): boolean {
    return isQuick(this.#items[this.#head]);
  }

  /** In seconds; 0 for none. */
  get softTimeout(): number {
    const { kind } = this;
    return kind === DETAILED_JOB || kind === DETAILED_QUICK_JOB ? (this.payload as JobDetails)[3] : 0;
  }

  idAt(index: number): number {
    return this.#items[this.#head + index * MESSAGE_WIDTH + 1] as number;
  }

  /** How many quick jobs there are at the front, up to `most`. */
  countQuick(most: number): number {
    let count = 0;
    while (count < most && isQuick(this.#items[this.#head + count * MESSAGE_WIDTH])) count += 1;
    return count;
  }

  shift(): void {
    this.#head += MESSAGE_WIDTH;
    if (this.#head === this.#items.length) {
      this.#items = [];
      this.#head = 0;
    }
  }

  /**
   * Takes out the job with this id, or all if `id` is 0, from the one at index `from` on; gives back their ids. Quick ones
   * stay if they are claimed.
   */
  remove(id: number, from: number, claimed: boolean): number[] {
    const removed: number[] = [];
    const start = this.#head + from * MESSAGE_WIDTH;
    const kept = this.#items.slice(this.#head, start);
    for (let i = start; i < this.#items.length; i += MESSAGE_WIDTH) {
      const own = this.#items[i + 1] as number;
      if ((id === 0 || own === id) && !(claimed && isQuick(this.#items[i]))) removed.push(own);
      else kept.push(...this.#items.slice(i, i + MESSAGE_WIDTH));
    }
    this.#items = kept;
    this.#head = 0;
    return removed;
  }
}

function isQuick(kind: unknown): boolean {
  return kind === QUICK_JOB || kind === DETAILED_QUICK_JOB;
}
