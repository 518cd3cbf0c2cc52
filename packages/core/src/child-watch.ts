/** How often, in milliseconds, the pool looks whether it still has to keep its process alive. */
const LIFE = 1000;

/** What a watch asks its pool. */
export interface Watched {
  /** Whether some child holds jobs that it has not said it started; deals with those silent for so many seconds. */
  checkSilence(seconds: number): boolean;
  /** Whether there are jobs. */
  isBusy(): boolean;
}

/**
 * A pool's one timer. It keeps this process alive while there are jobs, since children do not; and it fires soon when there
 * are jobs that a child has not said it started.
 */
export class ChildWatch {
  readonly #pool: Watched;
  readonly #silence: number;
  #timer: NodeJS.Timeout | undefined = undefined;
  #watching: 'silence' | 'life' | undefined = undefined;

  /** @param silence how many milliseconds a child may be silent before the pool looks what it is at */
  constructor(pool: Watched, silence: number) {
    this.#pool = pool;
    this.#silence = silence;
  }

  /** There are jobs: the process is to live. */
  keepAlive(): void {
    if (this.#watching === undefined) this.#set('life', LIFE);
  }

  /** Children were sent jobs, of which they are to say something. */
  expectWord(): void {
    if (this.#watching !== 'silence') this.#set('silence', this.#silence);
  }

  /** There are no jobs any more. */
  rest(): void {
    if (this.#watching === 'life') this.end();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#watching = undefined;
  }

  #set(purpose: 'silence' | 'life', milliseconds: number): void {
    this.#watching = purpose;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), milliseconds);
  }

  #look(): void {
    this.#watching = undefined;
    if (this.#pool.checkSilence(this.#silence / 1000)) this.expectWord();
    else if (this.#pool.isBusy()) this.keepAlive();
  }
}
