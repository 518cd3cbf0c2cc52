/** The longest delay a Node timer can hold, in milliseconds. */
const MAX_DELAY = 2 ** 31 - 1;

interface Entry<T> {
  readonly at: number;
  readonly order: number;
  readonly item: T;
}

/**
 * Items that wait for their time, on one timer: a binary heap by time, first come first among equals. Times are Unix
 * milliseconds, because tasks name a time of day.
 */
export class Schedule<T> {
  readonly #heap: Entry<T>[] = [];
  readonly #onDue: (items: T[]) => void;
  #order = 0;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Number.POSITIVE_INFINITY;

  constructor(onDue: (items: T[]) => void) {
    this.#onDue = onDue;
  }

  get size(): number {
    return this.#heap.length;
  }

  add(item: T, at: number): void {
    const heap = this.#heap;
    const entry = { at, order: this.#order++, item };
    let i = heap.push(entry) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(entry, heap[parent] as Entry<T>)) break;
      heap[i] = heap[parent] as Entry<T>;
      i = parent;
    }
    heap[i] = entry;
    if (at < this.#timerAt) this.#arm();
  }

  /** What waits, with its time; in no certain order. */
  *entries(): Iterable<readonly [item: T, at: number]> {
    for (const { item, at } of this.#heap) yield [item, at];
  }

  /** Takes everything out. */
  drain(): T[] {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timerAt = Number.POSITIVE_INFINITY;
    return this.#heap.splice(0).map((entry) => entry.item);
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const first = this.#heap[0];
    if (first === undefined) {
      this.#timerAt = Number.POSITIVE_INFINITY;
      return;
    }
    this.#timerAt = first.at;
    // Not unref'ed: a worker that only waits for an ETA still has something to do.
    this.#timer = setTimeout(() => this.#pass(), Math.min(MAX_DELAY, Math.max(0, first.at - Date.now())));
  }

  #pass(): void {
    const now = Date.now();
    const due: T[] = [];
    for (let first = this.#heap[0]; first !== undefined && first.at <= now; first = this.#heap[0]) {
      due.push(first.item);
      this.#removeFirst();
    }
    this.#arm();
    if (due.length > 0) this.#onDue(due);
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop() as Entry<T>;
    if (heap.length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Entry<T>, heap[child] as Entry<T>)) child += 1;
      if (!before(heap[child] as Entry<T>, last)) break;
      heap[i] = heap[child] as Entry<T>;
      i = child;
    }
    heap[i] = last;
  }
}

function before(a: Entry<unknown>, b: Entry<unknown>): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
