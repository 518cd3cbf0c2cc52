/** How long a turn lasts, in milliseconds. */
const TURN = 10;

/**
 * Bounds how long a pool starts one waiting job after another before the event loop gets its turn: timers and sockets of
 * the process are not to wait for the whole line.
 */
export class EventLoopTurn {
  readonly #onNext: () => void;
  /** When it ends; 0 before anything was started in it. */
  #ends = 0;

  /** @param onNext the event loop has turned, and there is time again */
  constructor(onNext: () => void) {
    this.#onNext = onNext;
  }

  /** Whether one more job may start. The first to ask begins the turn. */
  goesOn(): boolean {
    const now = performance.now();
    if (this.#ends !== 0) return now < this.#ends;
    this.#ends = now + TURN;
    setImmediate(() => {
      this.#ends = 0;
      this.#onNext();
    });
    return true;
  }
}
