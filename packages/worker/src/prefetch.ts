/** How far ahead a worker takes messages by itself: what it ends in so many milliseconds. */
const AHEAD = 50;
/** However quick tasks are, no more than this is taken ahead. */
const MOST = 1000;
/** Messages ahead for each slot, however slow tasks are: Celery's number. */
const LEAST = 4;
/** How long a rate is measured, in milliseconds. */
const SPAN = 20;
/** By how much the number may grow from one look to the next. */
const GROWTH = 4;

/**
 * How many messages a worker holds that was not told how many to hold. Slow tasks: a few for each slot, so that other
 * workers get theirs. Quick tasks: as many as are done while the broker is asked for more, so that no slot waits for it.
 */
export class Prefetch {
  /** A power of two, so that the broker is told rarely; 0 while the least is enough. */
  #ahead = 0;
  #ended = 0;
  #at = 0;

  /** How many may be held for so many slots. */
  size(slots: number): number {
    return Math.max(slots * LEAST, this.#ahead);
  }

  /** Whether more are taken ahead than slow tasks allow. */
  isAhead(slots: number): boolean {
    return this.#ahead > slots * LEAST;
  }

  /**
   * @param now milliseconds on the monotonic clock
   * @param ended how many tasks have ended so far
   * @param slots how many run at a time
   * @returns whether `size` may have changed
   */
  look(now: number, ended: number, slots: number): boolean {
    const span = now - this.#at;
    if (span < SPAN) return false;
    const wanted = Math.min(MOST, ((ended - this.#ended) * AHEAD) / span, this.size(slots) * GROWTH);
    this.#ended = ended;
    this.#at = now;
    // It follows down only what is clearly less.
    if (wanted > this.#ahead / 2 && wanted < this.#ahead * 2) return false;
    this.#ahead = wanted < slots * LEAST ? 0 : 2 ** Math.floor(Math.log2(wanted));
    return true;
  }
}

/** How often it is looked whether tasks are still as quick as when so much was taken ahead, in milliseconds. */
const LOOK = 100;
/** How many of those looks must find far too much before it is given back. */
const PATIENCE = 5;

/** What an automatic prefetch looks at, and whom it tells. */
export interface AutomaticPrefetchOptions {
  /** How many slots there are. */
  slots(): number;
  /** How many requests run, or wait for a slot. */
  busy(): number;
  /** How many requests have ended so far. */
  ended(): number;
  /** `size` may have changed. */
  onChange(): void;
  /** Far more messages are held than should be: tasks have become slow. What has not begun is for others to take. */
  onSurplus(): void;
}

/** A prefetch that follows a worker's tasks: looked at with deliveries, and by a timer while much is taken ahead. */
export class AutomaticPrefetch {
  readonly #options: AutomaticPrefetchOptions;
  readonly #prefetch: Prefetch = new Prefetch();
  #timer: NodeJS.Timeout | undefined;
  #tooMany = 0;

  constructor(options: AutomaticPrefetchOptions) {
    this.#options = options;
  }

  /** How many may be held now. */
  get size(): number {
    return this.#prefetch.size(this.#options.slots());
  }

  /** Takes more ahead, or less, as quick as tasks are. */
  look(): void {
    const { slots, ended, onChange } = this.#options;
    if (!this.#prefetch.look(performance.now(), ended(), slots())) return;
    onChange();
    if (!this.#prefetch.isAhead(slots())) return;
    this.#timer ??= setInterval(() => this.#lookAgain(), LOOK);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Without deliveries too: what is held may be what nobody gets on with. */
  #lookAgain(): void {
    this.look();
    const { slots, busy, onSurplus } = this.#options;
    const isTooMuch = busy() > 2 * this.size;
    this.#tooMany = isTooMuch ? this.#tooMany + 1 : 0;
    if (this.#tooMany >= PATIENCE) {
      this.#tooMany = 0;
      onSurplus();
    }
    if (!isTooMuch && !this.#prefetch.isAhead(slots())) this.stop();
  }
}
