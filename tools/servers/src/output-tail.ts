import type { Readable } from 'node:stream';

const LIMIT = 64 * 1024;

/** The last 64 KiB of what a process prints, and a way to wait for a line of it. */
export class OutputTail {
  #text = '';
  readonly #waiting: Set<() => void> = new Set();

  /** Adds all that a stream brings. */
  read(stream: Readable): void {
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      this.#text = (this.#text + chunk).slice(-LIMIT);
      for (const look of [...this.#waiting]) look();
    });
  }

  get text(): string {
    return this.#text;
  }

  /** Forgets what was printed so far, before a process starts again. */
  clear(): void {
    this.#text = '';
  }

  /** Waits until what was printed matches; the caller ends the wait for another reason with the signal. */
  seen(pattern: RegExp, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (settle: () => void) => {
        this.#waiting.delete(look);
        signal.removeEventListener('abort', stop);
        settle();
      };
      const look = () => {
        if (pattern.test(this.#text)) done(resolve);
      };
      const stop = () => done(() => reject(signal.reason));
      this.#waiting.add(look);
      signal.addEventListener('abort', stop);
      if (signal.aborted) stop();
      else look();
    });
  }
}
