/** Where the bell's number is in its memory. */
const RUNG = 0;

/**
 * Wakes a thread that waits for a message: faster than its event loop, which the message itself wakes too. One side rings
 * after it has sent something, the other listens.
 */
export class Bell {
  readonly #memory: Int32Array<SharedArrayBuffer>;
  #heard: number;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(4)) {
    this.#memory = new Int32Array(memory);
    this.#heard = Atomics.load(this.#memory, RUNG);
  }

  /** What the other side's bell is made of. */
  get memory(): SharedArrayBuffer {
    return this.#memory.buffer;
  }

  ring(): void {
    Atomics.add(this.#memory, RUNG, 1);
    Atomics.notify(this.#memory, RUNG);
  }

  /** Waits until the bell has rung since the last time, for so many milliseconds; false if it has not. Blocks the thread. */
  wait(milliseconds: number): boolean {
    const result = Atomics.wait(this.#memory, RUNG, this.#heard, milliseconds);
    this.#heard = Atomics.load(this.#memory, RUNG);
    return result !== 'timed-out';
  }
}
