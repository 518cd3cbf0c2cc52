/** Where things are in the memory: how often the bell rang, and which job the thread began last. */
const RUNG = 0;
const BEGUN = 1;

/**
 * Memory that a thread and its pool share. The pool rings a bell after it has sent something, which wakes the thread
 * faster than its event loop does (the message wakes that too); the thread notes which job it begins, which the pool can
 * read even if the thread is stuck or gone.
 */
export class SharedSlate {
  readonly #memory: Int32Array<SharedArrayBuffer>;
  #heard: number;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(8)) {
    this.#memory = new Int32Array(memory);
    this.#heard = Atomics.load(this.#memory, RUNG);
  }

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

  /** The id of the job that was begun last, cut to 32 bits; 0 for none. */
  get begun(): number {
    return Atomics.load(this.#memory, BEGUN);
  }

  set begun(id: number) {
    Atomics.store(this.#memory, BEGUN, id);
  }
}
