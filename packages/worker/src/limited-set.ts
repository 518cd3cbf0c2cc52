/** By how much there may be more before those over the bound are dropped; nobody sees them. */
const SLACK = 1.25;

/**
 * Ids with the time they came in: at most so many, for at most so long. What is oldest goes first. Celery's
 * `LimitedSet`; it has one for revoked and one for successful tasks.
 */
export class LimitedSet implements Iterable<readonly [id: string, time: number]> {
  readonly #max: number;
  readonly #expires: number;
  readonly #now: () => number;
  /** In the order of their times, since a renewed id moves to the end. */
  readonly #times = new Map<string, number>();
  #newest = 0;

  /**
   * @param options `max` is how many, `expires` how many seconds
   */
  constructor(options: { max: number; expires: number; now?: () => number }) {
    this.#max = options.max;
    this.#expires = options.expires;
    this.#now = options.now ?? ((): number => Date.now() / 1000);
  }

  get size(): number {
    return Math.min(this.#times.size, this.#max);
  }

  /** @param time when it came in, in Unix seconds; an id that is known keeps the later time */
  add(id: string, time: number = this.#now()): void {
    const known = this.#times.get(id);
    if (known !== undefined) {
      if (known >= time) return;
      this.#times.delete(id);
    }
    // Ids nearly always come in now; only those read from a file or told by another worker may be older.
    if (time >= this.#newest) this.#times.set(id, time);
    else this.#insert(id, time);
    this.#newest = Math.max(this.#newest, time);
    // A map is slow to say what its first is after many were taken off its front, so they are taken off together.
    if (this.#times.size > this.#max * SLACK) this.#purge();
  }

  has(id: string): boolean {
    const time = this.#times.get(id);
    if (time === undefined) return false;
    if (time + this.#expires > this.#now()) return true;
    this.#times.delete(id);
    return false;
  }

  delete(id: string): boolean {
    return this.#times.delete(id);
  }

  clear(): void {
    this.#times.clear();
  }

  *[Symbol.iterator](): Iterator<readonly [string, number]> {
    this.#purge();
    yield* this.#times;
  }

  #insert(id: string, time: number): void {
    const all = [...this.#times, [id, time] as const].sort((a, b) => a[1] - b[1]);
    this.#times.clear();
    for (const [key, value] of all) this.#times.set(key, value);
  }

  #purge(): void {
    const oldest = this.#now() - this.#expires;
    for (const [id, time] of this.#times) {
      if (this.#times.size <= this.#max && time > oldest) return;
      this.#times.delete(id);
    }
  }
}
