const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/**
 * Starts a second that a rate limit allows: `'10/s'`, `'100/m'`, `'5/h'`, `'10'` or a number of them a second. 0 and
 * nothing mean no limit.
 *
 * @throws TypeError for anything else
 */
export function parseRate(limit: string | number | null | undefined): number {
  if (limit === null || limit === undefined || limit === '') return 0;
  const match = /^\s*(\d+(?:\.\d+)?)\s*(?:\/\s*([smh]))?\s*$/.exec(String(limit));
  if (match === null)
    throw new TypeError(`a rate limit is a number or '10/s', '100/m', '5/h', not ${String(limit)}`);
  return Number(match[1]) / (units[match[2] ?? 's'] as number);
}

/** How many milliseconds of a timer's delay are made up for. */
const MAX_LATE = 50;

/**
 * Lets the items of one task start at a bounded rate, in their order. As in Celery the bucket holds one token: no burst
 * follows a pause. One timer, and only while something waits.
 */
export class RateBucket<T> {
  readonly #start: (item: T) => void;
  readonly #waiting: T[] = [];
  #interval: number;
  /** When the next one may start, in milliseconds on the monotonic clock. */
  #next = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param rate starts a second, above 0 */
  constructor(rate: number, start: (item: T) => void) {
    this.#interval = 1000 / rate;
    this.#start = start;
  }

  get size(): number {
    return this.#waiting.length;
  }

  /** In how many seconds an item that is added now may start. */
  get wait(): number {
    const first = Math.max(0, this.#next - performance.now());
    return (first + this.#waiting.length * this.#interval) / 1000;
  }

  /** Another rate, also for what waits; 0 lets everything go. */
  setRate(rate: number): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#interval = rate === 0 ? 0 : 1000 / rate;
    this.#next = Math.min(this.#next, performance.now() + this.#interval);
    this.#pass();
  }

  /** Starts the item now, or when it is its turn. */
  add(item: T): void {
    this.#waiting.push(item);
    if (this.#timer === undefined) this.#pass();
  }

  /** What waits. */
  items(): readonly T[] {
    return this.#waiting;
  }

  /** Takes everything out. */
  drain(): T[] {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return this.#waiting.splice(0);
  }

  /** @param onTime when the timer that called was due; what is late by a timer's delay is made up for */
  #pass(onTime?: number): void {
    this.#timer = undefined;
    while (this.#waiting.length > 0) {
      const now = performance.now();
      // Timers fire on whole milliseconds: what is due within the current one is due.
      if (this.#next > now + 0.5) {
        const due = this.#next;
        this.#timer = setTimeout(() => this.#pass(due), Math.ceil(due - now));
        return;
      }
      const from = onTime === undefined ? now : Math.max(this.#next, now - MAX_LATE);
      this.#next = from + this.#interval;
      this.#start(this.#waiting.shift() as T);
    }
  }
}
