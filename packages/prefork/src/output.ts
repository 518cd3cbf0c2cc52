import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { Lines } from './lines.js';

/** Passes what children print on to a stream of this process, in whole lines that say who printed them. */
export class Output {
  readonly #open: () => Writable;
  readonly #waiting: Set<Readable> = new Set();

  /** @param open the stream, asked for when there is something to write: naming `process.stdout` opens it */
  constructor(open: () => Writable) {
    this.#open = open;
  }

  forward(from: Socket, label: () => string): void {
    const lines = new Lines((line) => {
      if (this.#open().write(`[${label()}] ${line}\n`)) return;
      from.pause();
      this.#wait(from);
    });
    from.unref();
    from.on('data', (chunk: Buffer) => lines.push(chunk));
    from.on('error', () => {});
    from.once('close', () => {
      this.#waiting.delete(from);
      lines.end();
    });
  }

  #wait(from: Readable): void {
    if (this.#waiting.size === 0) this.#open().once('drain', () => this.#resume());
    this.#waiting.add(from);
  }

  #resume(): void {
    for (const from of this.#waiting) from.resume();
    this.#waiting.clear();
  }
}
