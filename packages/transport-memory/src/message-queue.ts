import type { Message } from '@pool/transport';

/** A message as the broker keeps it. */
export interface StoredMessage {
  message: Message;
  queue: string;
  exchange: string;
  routingKey: string;
  priority: number;
  deliveryCount: number;
  /** `performance.now()` after which it is worthless; `Infinity` if never. */
  expiresAt: number;
}

/** First in, first out, with cheap removal at the front. */
class Line {
  #items: (StoredMessage | undefined)[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: StoredMessage): void {
    this.#items.push(item);
  }

  unshift(items: readonly StoredMessage[]): void {
    if (items.length > this.#head) {
      this.#items = [...items, ...this.#items.slice(this.#head)];
      this.#head = 0;
      return;
    }
    this.#head -= items.length;
    for (const [i, item] of items.entries()) this.#items[this.#head + i] = item;
  }

  shift(): StoredMessage | undefined {
    if (this.#head === this.#items.length) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.#head === this.#items.length || this.#head > 10_000) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
}

/** One queue: a line per priority, 9 is served first. */
export class MessageQueue {
  readonly #lines: Line[] = Array.from({ length: 10 }, () => new Line());
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(item: StoredMessage): void {
    this.#lineOf(item).push(item);
    this.#length += 1;
  }

  /** Puts messages back to the front, in this order. */
  putBack(items: readonly StoredMessage[]): void {
    const byLine = new Map<Line, StoredMessage[]>();
    for (const item of items) {
      const line = this.#lineOf(item);
      const list = byLine.get(line);
      if (list === undefined) byLine.set(line, [item]);
      else list.push(item);
    }
    for (const [line, list] of byLine) line.unshift(list);
    this.#length += items.length;
  }

  /** Moves up to `max` messages that are still worth something into `into`. */
  take(max: number, now: number, into: StoredMessage[]): void {
    for (let level = 9; level >= 0 && max > 0; level--) {
      const line = this.#lines[level] as Line;
      for (let item = line.shift(); item !== undefined; item = line.shift()) {
        this.#length -= 1;
        if (item.expiresAt <= now) continue;
        into.push(item);
        if (--max === 0) break;
      }
    }
  }

  #lineOf(item: StoredMessage): Line {
    return this.#lines[Math.min(9, Math.floor(item.priority))] as Line;
  }
}
