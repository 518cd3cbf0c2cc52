/** What an {@link AckWindow} says to the broker. */
export interface AckPort {
  /** Acknowledges one message, or all up to it. */
  ack(tag: number, allUpTo: boolean): void;
  reject(tag: number, requeue: boolean): void;
}

type Mark = 'held' | 'acked' | 'gone';

/**
 * The messages of one channel that are not settled, in the order in which they came. Where all of the oldest are
 * acknowledged, one frame says so for all of them.
 */
export class AckWindow {
  readonly #port: AckPort;
  #tags: number[] = [];
  readonly #marks = new Map<number, Mark>();
  #head = 0;
  #acked: number[] = [];

  constructor(port: AckPort) {
    this.#port = port;
  }

  /** How many are held. */
  get held(): number {
    return this.#marks.size;
  }

  add(tag: number): void {
    this.#tags.push(tag);
    this.#marks.set(tag, 'held');
  }

  /** Notes an ack, to be sent by `flush`. */
  ack(tag: number): void {
    this.#marks.set(tag, 'acked');
    this.#acked.push(tag);
  }

  /** Sends a rejection; there is no frame for many of them. */
  reject(tag: number, requeue: boolean): void {
    this.#port.reject(tag, requeue);
    this.#marks.delete(tag);
  }

  /** Sends the acks noted since the last call. */
  flush(): void {
    if (this.#acked.length === 0) return;
    let upTo = 0;
    let covered = 0;
    let tag = this.#tags[this.#head];
    while (tag !== undefined) {
      const mark = this.#marks.get(tag);
      if (mark === 'held') break;
      if (mark === 'acked') {
        upTo = tag;
        covered += 1;
        this.#marks.delete(tag);
      }
      this.#head += 1;
      tag = this.#tags[this.#head];
    }
    if (covered > 0) this.#port.ack(upTo, covered > 1);
    for (const acked of this.#acked)
      if (acked > upTo && this.#marks.delete(acked)) this.#port.ack(acked, false);
    this.#acked = [];
    if (this.#head > 1024 && this.#head * 2 > this.#tags.length) {
      this.#tags = this.#tags.slice(this.#head);
      this.#head = 0;
    }
  }
}
