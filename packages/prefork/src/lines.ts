import { StringDecoder } from 'node:string_decoder';

/** A line without an end is passed on when it is this long, in characters. */
const MAX_LINE = 8 * 1024 * 1024;

/** Makes whole lines of text that arrives in pieces, so that those of several children do not mix. */
export class Lines {
  readonly #onLine: (line: string) => void;
  readonly #decoder: StringDecoder = new StringDecoder('utf8');
  #rest = '';

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    // What came before has no end, so it is not looked through again.
    const [first, ...others] = this.#decoder.write(chunk).split('\n') as [string, ...string[]];
    this.#rest += first;
    for (const next of others) {
      const line = this.#rest;
      this.#rest = next;
      this.#onLine(line);
    }
    if (this.#rest.length >= MAX_LINE) this.#flush();
  }

  /** Passes on what came last, whole or not. */
  end(): void {
    this.#rest += this.#decoder.end();
    this.#flush();
  }

  #flush(): void {
    if (this.#rest === '') return;
    const line = this.#rest;
    this.#rest = '';
    this.#onLine(line);
  }
}
