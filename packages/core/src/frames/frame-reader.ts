import { MESSAGE_WIDTH } from '../child-messages.js';
import { checkOf, HEADER_BYTES, TOP_BIT } from './frame-memory.js';
import { ATTACHMENTS } from './frame-writer.js';
import { ASCII, BUFFER, STRUCTURED, UNDEFINED, UTF16 } from './json-value.js';
import { lazyV8 } from './lazy-v8.js';

/** Frames up to here that arrive in pieces are put together in memory that is used again. */
const ASSEMBLY_BYTES = 256 * 1024;

/** Makes batches of bytes that arrive in any pieces. */
export class FrameReader {
  readonly #onBatch: (batch: unknown[], marked: boolean) => void;
  /** A frame of which not all has come, header included, and how much of it has; its length is 0 when there is none. */
  #frame: Buffer = Buffer.alloc(0);
  #length = 0;
  #filled = 0;
  #assembly: Buffer | undefined = undefined;
  /** A header of which not all has come. */
  readonly #header: Buffer = Buffer.alloc(HEADER_BYTES);
  #headerFilled = 0;

  constructor(onBatch: (batch: unknown[], marked: boolean) => void) {
    this.#onBatch = onBatch;
  }

  /**
   * Takes the next bytes, `end` of them. They are not kept, so their memory may be used again.
   *
   * @throws Error when they are no frames
   */
  push(chunk: Buffer, end: number = chunk.length): void {
    let at = 0;
    while (at < end) {
      if (this.#length > 0) at += this.#fill(chunk, at, end);
      else if (this.#headerFilled > 0 || end - at < HEADER_BYTES) at += this.#fillHeader(chunk, at, end);
      else {
        const length = HEADER_BYTES + frameLength(chunk, at);
        if (end - at < length) this.#begin(length);
        else {
          this.#onBatch(decode(chunk, at, length, true), isMarked(chunk, at));
          at += length;
        }
      }
    }
  }

  #begin(length: number): void {
    if (length > ASSEMBLY_BYTES) this.#frame = Buffer.allocUnsafeSlow(length);
    else {
      this.#assembly ??= Buffer.allocUnsafeSlow(ASSEMBLY_BYTES);
      this.#frame = this.#assembly;
    }
    this.#length = length;
    this.#filled = 0;
  }

  #fillHeader(chunk: Buffer, at: number, end: number): number {
    const taken = chunk.copy(this.#header, this.#headerFilled, at, end);
    this.#headerFilled += taken;
    if (this.#headerFilled < HEADER_BYTES) return taken;
    this.#headerFilled = 0;
    this.#begin(HEADER_BYTES + frameLength(this.#header, 0));
    this.#filled = this.#header.copy(this.#frame);
    return taken;
  }

  #fill(chunk: Buffer, at: number, end: number): number {
    const frame = this.#frame;
    const length = this.#length;
    const taken = chunk.copy(frame, this.#filled, at, Math.min(end, at + length - this.#filled));
    this.#filled += taken;
    if (this.#filled === length) {
      this.#length = 0;
      const shared = frame === this.#assembly;
      if (!shared) this.#frame = this.#header;
      this.#onBatch(decode(frame, 0, length, shared), isMarked(frame, 0));
    }
    return taken;
  }
}

function frameLength(buffer: Buffer, at: number): number {
  const lengthWord = buffer.readUInt32LE(at);
  const jsonWord = buffer.readUInt32LE(at + 4);
  const length = lengthWord & ~TOP_BIT;
  if (buffer.readUInt32LE(at + 8) !== checkOf(lengthWord, jsonWord) || (jsonWord & ~TOP_BIT) > length)
    throw new Error('the channel between the pool and a child carries something that is not theirs');
  return length;
}

function isMarked(buffer: Buffer, at: number): boolean {
  return (buffer.readUInt32LE(at) & TOP_BIT) !== 0;
}

function decode(buffer: Buffer, at: number, length: number, shared: boolean): unknown[] {
  const start = at + HEADER_BYTES;
  const jsonWord = buffer.readUInt32LE(at + 4);
  const end = start + (jsonWord & ~TOP_BIT);
  const json = buffer.toString((jsonWord & TOP_BIT) === 0 ? 'utf8' : 'latin1', start, end);
  const batch = JSON.parse(json) as unknown[];
  if (batch[batch.length - MESSAGE_WIDTH] === ATTACHMENTS) {
    const list = batch[batch.length - 2] as [path: (string | number)[], kind: number, length: number][];
    batch.length -= MESSAGE_WIDTH;
    let from = end;
    for (const [path, kind, size] of list) {
      attach(batch, path, toValue(kind, buffer, from, from + size, shared));
      from += size;
    }
    if (from !== at + length) throw new Error('a frame is not as long as its attachments');
  }
  return batch;
}

function attach(batch: unknown[], path: (string | number)[], value: unknown): void {
  let holder = batch as unknown as Record<string | number, unknown>;
  const last = path.length - 1;
  for (let i = 0; i < last; i++) holder = holder[path[i] as string] as Record<string | number, unknown>;
  const key = path[last] as string | number;
  if (key === '__proto__')
    Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
  else holder[key] = value;
}

function toValue(kind: number, buffer: Buffer, from: number, to: number, shared: boolean): unknown {
  switch (kind) {
    case ASCII:
      return buffer.toString('latin1', from, to);
    case UTF16:
      return buffer.toString('utf16le', from, to);
    case UNDEFINED:
      return undefined;
    case STRUCTURED: {
      // Byte arrays in it become views of what it is read from.
      const bytes = buffer.subarray(from, to);
      return lazyV8().deserialize(shared ? new Uint8Array(bytes) : bytes);
    }
    case BUFFER: {
      const bytes = buffer.subarray(from, to);
      return shared ? Buffer.from(bytes) : bytes;
    }
    default: {
      const bytes = new Uint8Array(buffer.buffer, buffer.byteOffset + from, to - from);
      return shared ? new Uint8Array(bytes) : bytes;
    }
  }
}
