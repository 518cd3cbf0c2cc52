import type { Claims } from '@pool/core';

/** Where things are in the memory, in 32-bit words: how many were claimed or taken back, how many were offered, the ids. */
const CLAIMED = 0;
const OFFERED = 1;
const IDS = 2;
/** How many ids there is place for at least, so that whether it is full has rarely to be looked up. */
const LEAST = 64;

/** The ids of jobs that a thread was sent ahead, in memory that it shares with the pool: whoever moves the count on has the job. */
export class ClaimRing implements Claims {
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #size: number;
  /** Offered, and not in the memory yet. */
  #pending: number[] = [];
  /** How many ids may lie there, at most: what the thread has claimed counts until somebody looks. */
  #most = 0;

  /** @param memory as {@link ClaimRing.allocate} gives */
  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
    this.#size = this.#words.length - IDS;
  }

  /** Memory for so many ids at a time: a power of two, so that places follow one another when the counts start anew. */
  static allocate(size: number): SharedArrayBuffer {
    return new SharedArrayBuffer(
      (IDS + 2 ** Math.ceil(Math.log2(Math.max(size, LEAST)))) * Int32Array.BYTES_PER_ELEMENT,
    );
  }

  /** Those that could not be withdrawn take places too, until the thread comes to them. */
  get full(): boolean {
    if (this.#most < this.#size) return false;
    const lying = (Atomics.load(this.#words, OFFERED) - Atomics.load(this.#words, CLAIMED)) | 0;
    this.#most = lying + this.#pending.length;
    return this.#most >= this.#size;
  }

  offer(id: number): void {
    this.#pending.push(id | 0);
    this.#most += 1;
  }

  withdraw(): boolean {
    if (this.#pending.pop() === undefined) return false;
    this.#most -= 1;
    return true;
  }

  /** Puts what was offered into the memory. */
  publish(): void {
    const pending = this.#pending;
    if (pending.length === 0) return;
    let offered = Atomics.load(this.#words, OFFERED);
    for (const id of pending) {
      this.#words[this.#place(offered)] = id;
      offered = (offered + 1) | 0;
    }
    Atomics.store(this.#words, OFFERED, offered);
    this.#pending = [];
  }

  takeBack(): number[] {
    const offered = Atomics.load(this.#words, OFFERED);
    const claimed = Atomics.exchange(this.#words, CLAIMED, offered);
    const ids: number[] = [];
    for (let at = claimed; at !== offered; at = (at + 1) | 0)
      ids.push(this.#words[this.#place(at)] as number);
    ids.push(...this.#pending);
    this.#pending = [];
    return ids;
  }

  /** Takes out the first id, on the thread's side. */
  claim(): number | undefined {
    for (;;) {
      const claimed = Atomics.load(this.#words, CLAIMED);
      if (claimed === Atomics.load(this.#words, OFFERED)) return undefined;
      const id = this.#words[this.#place(claimed)];
      if (Atomics.compareExchange(this.#words, CLAIMED, claimed, (claimed + 1) | 0) === claimed) return id;
    }
  }

  #place(count: number): number {
    return IDS + ((count >>> 0) % this.#size);
  }
}
