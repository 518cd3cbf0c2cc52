import { ASCII, type Attachment, UTF16 } from './json-value.js';

/**
 * Three numbers of four bytes, little-endian: how long the frame is after them, how much of that is JSON, and a check that
 * these are no other bytes that came into the channel by accident. The top bit of the first is the writer's mark, that of
 * the second says that the JSON is ASCII.
 */
export const HEADER_BYTES: number = 12;
export const TOP_BIT: number = 0x8000_0000;
const MAGIC = 0x506f6f6c;

export function checkOf(lengthWord: number, jsonWord: number): number {
  return (lengthWord ^ jsonWord ^ MAGIC) >>> 0;
}

const SCRATCH_BYTES = 192 * 1024;
/** Bytes up to here are copied, since their owner may change them before they are sent. */
export const COPY_BYTES: number = 16 * 1024;

/** How many bytes an attachment takes in a frame. */
export function sizeOf({ kind, bytes }: Attachment): number {
  return kind === UTF16 ? bytes.length * 2 : bytes.length;
}

/**
 * Lays frames out in memory: all in one piece that is used again, except for bytes that are better not copied and what
 * does not fit.
 */
export class FrameMemory {
  #scratch: Buffer | undefined;

  /** The pieces of a frame, in order. */
  fill(json: string, attachments: readonly Attachment[], marked: boolean): Buffer[] {
    const buffer = this.#bufferFor(json);
    const jsonBytes = buffer.write(json, HEADER_BYTES);
    const pieces: Buffer[] = [];
    let length = jsonBytes;
    let from = 0;
    let to = HEADER_BYTES + jsonBytes;
    for (const attachment of attachments) {
      const size = sizeOf(attachment);
      length += size;
      if (size === 0) continue;
      const { bytes } = attachment;
      const apart = size > buffer.length - to || (typeof bytes !== 'string' && size > COPY_BYTES);
      if (apart) {
        if (to > from) pieces.push(buffer.subarray(from, to));
        from = to;
        pieces.push(typeof bytes === 'string' ? encodeText(bytes, attachment.kind) : toBuffer(bytes));
      } else {
        if (typeof bytes !== 'string') buffer.set(bytes, to);
        else if (attachment.kind === ASCII) buffer.write(bytes, to, 'latin1');
        else buffer.write(bytes, to, 'utf16le');
        to += size;
      }
    }
    if (to > from) pieces.push(buffer.subarray(from, to));
    const lengthWord = marked ? (length | TOP_BIT) >>> 0 : length;
    const jsonWord = jsonBytes === json.length ? (jsonBytes | TOP_BIT) >>> 0 : jsonBytes;
    buffer.writeUInt32LE(lengthWord, 0);
    buffer.writeUInt32LE(jsonWord, 4);
    buffer.writeUInt32LE(checkOf(lengthWord, jsonWord), 8);
    return pieces;
  }

  /** Says that the last pieces are not sent yet, so that their memory is not used for the next ones. */
  keep(): void {
    this.#scratch = undefined;
  }

  #bufferFor(json: string): Buffer {
    if (json.length * 3 + HEADER_BYTES > SCRATCH_BYTES)
      return Buffer.allocUnsafeSlow(HEADER_BYTES + Buffer.byteLength(json));
    this.#scratch ??= Buffer.allocUnsafeSlow(SCRATCH_BYTES);
    return this.#scratch;
  }
}

function encodeText(text: string, kind: number): Buffer {
  return Buffer.from(text, kind === ASCII ? 'latin1' : 'utf16le');
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
