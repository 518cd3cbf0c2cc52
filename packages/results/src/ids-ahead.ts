import type { RawDocument } from './followed.js';

/** How many ids are subscribed to ahead at first, and at the most. */
const LEAST = 8;
const MOST = 64;

/**
 * Ids that are subscribed to before there are tasks of these ids: whoever sends a task and waits for its result need not
 * subscribe then, and misses nothing. There are as many as are worth it: the more results are waited for, up to a bound,
 * and none for a program that waits for few of the tasks it sends.
 */
export class IdsAhead {
  readonly #subscribe: (ids: readonly string[]) => Promise<void>;
  #free: string[] = [];
  /** Given to a task that nobody follows yet, and what was told of it since. */
  readonly #given = new Map<string, RawDocument>();
  #size = 0;
  #asked = 0;
  #followed = 0;
  #subscribing = false;

  constructor(subscribe: (ids: readonly string[]) => Promise<void>) {
    this.#subscribe = subscribe;
  }

  /** One for a task that is about to be sent. */
  take(): string | undefined {
    this.#asked += 1;
    const id = this.#free.pop();
    if (id !== undefined) this.#given.set(id, undefined);
    return id;
  }

  /** Keeps what is told of a task that nobody follows yet. */
  tell(id: string, raw: Uint8Array): void {
    if (this.#given.has(id)) this.#given.set(id, raw);
  }

  /** Somebody follows a task now: what was told of it, if it was among those given. */
  follow(id: string): { given: boolean; told: RawDocument } {
    const [given, told] = [this.#given.has(id), this.#given.get(id)];
    this.#given.delete(id);
    this.#followed += 1;
    this.#refill();
    return { given, told };
  }

  /** A task was given one and has been waited for by nobody. */
  giveUp(id: string): void {
    this.#given.delete(id);
  }

  #refill(): void {
    if (this.#asked === 0 || this.#subscribing || this.#free.length * 2 > this.#size) return;
    const worth = this.#followed * 2 >= this.#asked;
    this.#asked = 0;
    this.#followed = 0;
    this.#size = worth ? Math.min(Math.max(this.#size * 2, LEAST), MOST) : 0;
    if (worth) void this.#add(this.#size - this.#free.length);
  }

  async #add(count: number): Promise<void> {
    const ids = Array.from({ length: count }, () => crypto.randomUUID());
    this.#subscribing = true;
    try {
      await this.#subscribe(ids);
      this.#free.push(...ids);
    } catch {
      // Whoever follows a task subscribes then, and hears why it cannot.
    } finally {
      this.#subscribing = false;
    }
  }
}
