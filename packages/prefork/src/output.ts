import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { Lines } from './lines.js';

/** How many milliseconds what a child said may come after its end: what it started may hold its output open for longer. */
export const LATE = 1000;

/** Passes what children print on to a stream of this process, in whole lines that say who printed them. */
export class Output {
  readonly #open: () => Writable;
  readonly #waiting: Set<Readable> = new Set();
  readonly #passing: Set<Readable> = new Set();
  #allPassed: () => void = () => {};

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
    this.#passing.add(from);
    from.unref();
    from.on('data', (chunk: Buffer) => lines.push(chunk));
    from.on('error', () => {});
    from.once('close', () => {
      this.#waiting.delete(from);
      lines.end();
      this.#passing.delete(from);
      if (this.#passing.size === 0) this.#allPassed();
    });
  }

  /** Resolves when all that children printed who have ended was passed on. */
  async passed(): Promise<void> {
    if (this.#passing.size === 0) return;
    await new Promise<void>((resolve) => {
      const late = setTimeout(resolve, LATE);
      this.#allPassed = () => {
        clearTimeout(late);
        resolve();
      };
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
