import { deserialize } from 'node:v8';
import { MESSAGE_WIDTH } from '../child-messages.js';
import { ATTACHMENTS, checkOf, HEADER_BYTES } from './frame-writer.js';
import { ASCII, BUFFER, STRUCTURED, UNDEFINED, UTF16 } from './json-value.js';

/** No frame is longer; a header that says so was not written by a frame writer. */
const MAX_FRAME = 2 ** 31 - 1;

/** Makes batches of bytes that arrive in any pieces. */
export class FrameReader {
  readonly #onBatch: (batch: unknown[]) => void;
  /** A frame of which not all has come, header included. */
  #frame: Buffer | undefined = undefined;
  #filled = 0;
  /** A header of which not all has come. */
  readonly #header: Buffer = Buffer.alloc(HEADER_BYTES);
  #headerFilled = 0;

  constructor(onBatch: (batch: unknown[]) => void) {
    this.#onBatch = onBatch;
  }

  /**
   * Takes the next bytes. They are not kept, so their memory may be used again.
   *
   * @throws Error when they are no frames
   */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#frame !== undefined) at += this.#fill(chunk, at);
      else if (this.#headerFilled > 0 || chunk.length - at < HEADER_BYTES) at += this.#fillHeader(chunk, at);
      else {
        const length = HEADER_BYTES + frameLength(chunk, at);
        if (chunk.length - at < length) {
          this.#frame = Buffer.allocUnsafeSlow(length);
          this.#filled = 0;
        } else {
          this.#onBatch(decode(chunk, at, length, true));
          at += length;
        }
      }
    }
  }

  #fillHeader(chunk: Buffer, at: number): number {
    const taken = chunk.copy(this.#header, this.#headerFilled, at);
    this.#headerFilled += taken;
    if (this.#headerFilled < HEADER_BYTES) return taken;
    this.#headerFilled = 0;
    this.#frame = Buffer.allocUnsafeSlow(HEADER_BYTES + frameLength(this.#header, 0));
    this.#filled = this.#header.copy(this.#frame);
    return taken;
  }

  #fill(chunk: Buffer, at: number): number {
    const frame = this.#frame as Buffer;
    const taken = chunk.copy(frame, this.#filled, at);
    this.#filled += taken;
    if (this.#filled === frame.length) {
      this.#frame = undefined;
      this.#onBatch(decode(frame, 0, frame.length, false));
    }
    return taken;
  }
}

function frameLength(buffer: Buffer, at: number): number {
  const length = buffer.readUInt32LE(at);
  const json = buffer.readUInt32LE(at + 4);
  if (buffer.readUInt32LE(at + 8) !== checkOf(length, json) || length > MAX_FRAME || json > length)
    throw new Error('the channel between the pool and a child carries something that is not theirs');
  return length;
}

function decode(buffer: Buffer, at: number, length: number, shared: boolean): unknown[] {
  const start = at + HEADER_BYTES;
  const end = start + buffer.readUInt32LE(at + 4);
  const batch = JSON.parse(buffer.toString('utf8', start, end)) as unknown[];
  if (batch[batch.length - MESSAGE_WIDTH] === ATTACHMENTS) {
    const list = batch[batch.length - 2] as [path: (string | number)[], kind: number, length: number][];
    batch.length -= MESSAGE_WIDTH;
    let from = end;
    for (const [path, kind, size] of list) {
      attach(batch, path, kind, buffer.subarray(from, from + size), shared);
      from += size;
    }
    if (from !== at + length) throw new Error('a frame is not as long as its attachments');
  }
  return batch;
}

function attach(
  batch: unknown[],
  path: (string | number)[],
  kind: number,
  bytes: Buffer,
  shared: boolean,
): void {
  let holder = batch as unknown as Record<string | number, unknown>;
  for (let i = 0; i < path.length - 1; i++)
    holder = holder[path[i] as string] as Record<string | number, unknown>;
  const key = path[path.length - 1] as string | number;
  const value = toValue(kind, bytes, shared);
  if (key === '__proto__')
    Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
  else holder[key] = value;
}

function toValue(kind: number, bytes: Buffer, shared: boolean): unknown {
  switch (kind) {
    case ASCII:
      return bytes.toString('latin1');
    case UTF16:
      return bytes.toString('utf16le');
    case UNDEFINED:
      return undefined;
    case STRUCTURED:
      return deserialize(bytes);
    case BUFFER:
      return shared ? Buffer.from(bytes) : bytes;
    default:
      return shared ? new Uint8Array(bytes) : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  }
}
