/** Reads bits, the highest of each byte first. */
export class BitReader {
  readonly #bytes: Uint8Array;
  #position = 0;
  #buffer = 0;
  #count = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The next `count` bits, at most 24. Throws at the end of the data. */
  read(count: number): number {
    while (this.#count < count) {
      const byte = this.#bytes[this.#position++];
      if (byte === undefined) throw new Error('the data ends too soon');
      this.#buffer = (this.#buffer << 8) | byte;
      this.#count += 8;
    }
    this.#count -= count;
    return (this.#buffer >>> this.#count) & ((1 << count) - 1);
  }

  read32(): number {
    return ((this.read(16) << 16) | this.read(16)) >>> 0;
  }

  /** Skips to the next whole byte; true when there is one. */
  align(): boolean {
    this.#count -= this.#count % 8;
    return this.#count > 0 || this.#position < this.#bytes.length;
  }
}

/** Writes bits, the highest of each byte first. */
export class BitWriter {
  #bytes: Uint8Array;
  #length = 0;
  #buffer = 0;
  #count = 0;

  constructor(sizeHint: number) {
    this.#bytes = new Uint8Array(sizeHint);
  }

  /** The low `count` bits of `value`, at most 24. */
  write(value: number, count: number): void {
    this.#buffer = (this.#buffer << count) | value;
    this.#count += count;
    while (this.#count >= 8) {
      this.#count -= 8;
      this.#push(this.#buffer >>> this.#count);
    }
  }

  write32(value: number): void {
    this.write(value >>> 16, 16);
    this.write(value & 0xffff, 16);
  }

  /** Everything written, filled up with zeros to a whole byte. */
  finish(): Uint8Array {
    if (this.#count > 0) this.write(0, 8 - this.#count);
    return this.#bytes.subarray(0, this.#length);
  }

  #push(byte: number): void {
    if (this.#length === this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2 + 64);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes[this.#length++] = byte;
  }
}
