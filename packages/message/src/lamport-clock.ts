/**
 * Lamport's logical clock: orders events of several nodes without comparing their wall clocks. Call `forward` before
 * sending and `adjust` with the clock of what was received.
 */
export class LamportClock {
  #value: number;

  constructor(value = 0) {
    this.#value = value;
  }

  get value(): number {
    return this.#value;
  }

  /** One step on; returns the value to send. */
  forward(): number {
    return this.adjust(0);
  }

  /** Moves past both clocks. A remote value that is no sane count is taken as 0, so that nobody can break the clock. */
  adjust(remote: unknown): number {
    const other =
      typeof remote === 'number' && Number.isSafeInteger(remote) && remote < MAX_STEP ? remote : 0;
    this.#value = Math.max(this.#value, other) + 1;
    return this.#value;
  }
}

/** Room for 2**52 more steps above anything a peer can set. */
const MAX_STEP = 2 ** 52;
