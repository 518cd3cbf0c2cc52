import { MESSAGE_WIDTH } from '../child-messages.js';

/** The jobs a child was sent and has not started, in order: a flat array that is read from the front. */
export class Inbox {
  #items: unknown[] = [];
  #head = 0;

  get length(): number {
    return (this.#items.length - this.#head) / MESSAGE_WIDTH;
  }

  push(kind: number, id: number, target: unknown, payload: unknown): void {
    this.#items.push(kind, id, target, payload);
  }

  /** A value of the job at `index`, counted from the front. */
  at(index: number, field: number): unknown {
    return this.#items[this.#head + index * MESSAGE_WIDTH + field];
  }

  shift(): void {
    this.#head += MESSAGE_WIDTH;
    if (this.#head === this.#items.length) {
      this.#items = [];
      this.#head = 0;
    }
  }

  /** Takes out the job with this id, or all from `from` on if `id` is 0; gives back their ids. */
  remove(id: number, from: number): number[] {
    const removed: number[] = [];
    const kept: unknown[] = this.#items.slice(this.#head, this.#head + from * MESSAGE_WIDTH);
    for (let i = from; i < this.length; i++) {
      const own = this.at(i, 1) as number;
      if (id === 0 || own === id) removed.push(own);
      else kept.push(this.at(i, 0), own, this.at(i, 2), this.at(i, 3));
    }
    this.#items = kept;
    this.#head = 0;
    return removed;
  }
}
