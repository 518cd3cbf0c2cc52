import { readdirSync, statSync } from 'node:fs';
import { queueOfName, sortKeyOf } from '../message-name.js';

/** A folder must have been quiet this long before its time of change is trusted: clocks of file systems are coarse. */
const quietMs = 50;
/** A list is not trusted longer than this if the folder has changed since. */
const maxAgeMs = 1000;

interface Waiting {
  /** Names in the order of serving; those before `next` were served. */
  names: string[];
  next: number;
}

/**
 * What waits in a folder, per queue and in the order of serving. Reading a folder of 50,000 messages takes tens of
 * milliseconds, so one reading serves many takes.
 */
export class Listing {
  readonly #folder: string;
  readonly #waiting = new Map<string, Waiting>();
  #changedAt = -1;
  #trusted = false;
  #readAt = Number.NEGATIVE_INFINITY;
  #cost = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Forgets a queue nobody here takes from. */
  forget(queue: string): void {
    this.#waiting.delete(queue);
  }

  /** The next name of a queue, as far as is known. */
  next(queue: string): string | undefined {
    const waiting = this.#waiting.get(queue);
    if (waiting === undefined || waiting.next === waiting.names.length) return undefined;
    return waiting.names[waiting.next++];
  }

  /** A message has come; false if its queue is of no interest. */
  add(name: string): boolean {
    const waiting = this.#waiting.get(queueOfName(name) ?? '');
    if (waiting === undefined) return false;
    // Messages mostly come last. One that does not waits for at most one reading longer.
    const rest = waiting.names.slice(waiting.next, waiting.next + 1000);
    if (rest.length < 1000) {
      rest.push(name);
      sortNames(rest);
      waiting.names = rest;
      waiting.next = 0;
    } else waiting.names.push(name);
    return true;
  }

  /** Whether the folder may hold something that the list does not, going by its time of change. */
  mayHaveChanged(): boolean {
    return !this.#trusted || statSync(this.#folder).mtimeMs !== this.#changedAt;
  }

  /** Whether these queues were part of the last reading. */
  covers(queues: readonly string[]): boolean {
    return queues.every((queue) => this.#waiting.has(queue));
  }

  /** Whether the last reading is so long ago that the list should not be relied on. */
  get isOld(): boolean {
    return performance.now() - this.#readAt > Math.max(maxAgeMs, this.#cost * 20);
  }

  /** Milliseconds until the folder may be read again without spending most of the time on reading it. */
  get restMs(): number {
    return Math.max(0, this.#readAt + this.#cost * 2 - performance.now());
  }

  /** Reads the folder for these queues and those read before. */
  read(queues: readonly string[]): void {
    const started = performance.now();
    for (const queue of queues)
      if (!this.#waiting.has(queue)) this.#waiting.set(queue, { names: [], next: 0 });
    const changedAt = statSync(this.#folder).mtimeMs;
    this.#trusted = Date.now() - changedAt > quietMs;
    this.#changedAt = changedAt;
    for (const waiting of this.#waiting.values()) {
      waiting.names = [];
      waiting.next = 0;
    }
    for (const name of readdirSync(this.#folder)) {
      const queue = queueOfName(name);
      if (queue !== undefined) this.#waiting.get(queue)?.names.push(name);
    }
    for (const waiting of this.#waiting.values()) sortNames(waiting.names);
    this.#readAt = performance.now();
    this.#cost = this.#readAt - started;
  }

  /** All names of one queue, read now. */
  static of(folder: string, queue: string): string[] {
    return readdirSync(folder).filter((name) => queueOfName(name) === queue);
  }
}

function sortNames(names: string[]): void {
  // Where every name is its own key, which is the rule, no key has to be made.
  if (names.every((name) => sortKeyOf(name) === name)) {
    names.sort();
    return;
  }
  const keyed = names.map((name) => ({ name, key: sortKeyOf(name) }));
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  for (const [i, { name }] of keyed.entries()) names[i] = name;
}
