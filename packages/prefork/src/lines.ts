import { StringDecoder } from 'node:string_decoder';

/** A line without an end is passed on when it is this long. */
const MAX_LINE = 64 * 1024;

/** Makes whole lines of text that arrives in pieces, so that those of several children do not mix. */
export class Lines {
  readonly #onLine: (line: string) => void;
  readonly #decoder: StringDecoder = new StringDecoder('utf8');
  #rest = '';

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    const lines = (this.#rest + this.#decoder.write(chunk)).split('\n');
    this.#rest = lines.pop() as string;
    for (const line of lines) this.#onLine(line);
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
