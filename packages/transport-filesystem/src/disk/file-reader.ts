import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Reads whole files one after the other into one buffer that is used again for the next batch. */
export class FileReader {
  #buffer: Uint8Array = new Uint8Array(256 * 1024);
  #length = 0;

  /** Appends the contents of a file; returns how many bytes that were. */
  append(path: string): number {
    const file = openSync(path, 'r');
    const start = this.#length;
    try {
      for (;;) {
        if (this.#buffer.length - this.#length < 1024)
          this.#grow(fstatSync(file).size - (this.#length - start));
        const count = readSync(file, this.#buffer, this.#length, this.#buffer.length - this.#length, null);
        if (count === 0) return this.#length - start;
        this.#length += count;
      }
    } catch (error) {
      this.#length = start;
      throw error;
    } finally {
      closeSync(file);
    }
  }

  /** The last `count` bytes. */
  tail(count: number): Uint8Array {
    return this.#buffer.subarray(this.#length - count, this.#length);
  }

  /** Takes the last `count` bytes back. */
  drop(count: number): void {
    this.#length -= count;
  }

  /** All that was appended, as a buffer of its own; the reader is empty again. */
  finish(): ArrayBuffer {
    const contents = this.#buffer.slice(0, this.#length).buffer as ArrayBuffer;
    this.#length = 0;
    if (this.#buffer.length > 16 * 1024 * 1024) this.#buffer = new Uint8Array(256 * 1024);
    return contents;
  }

  #grow(needed: number): void {
    const size = Math.max(this.#buffer.length * 2, this.#length + Math.max(needed, 0) + 1024);
    const larger = new Uint8Array(size);
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
  }
}
