import { serialize } from 'node:v8';
import { MESSAGE_WIDTH } from '../child-messages.js';
import { findUncloneable } from './find-uncloneable.js';
import { ASCII, type Attachment, prepareJson, STRUCTURED, Uncarriable, UTF16 } from './json-value.js';
import { notTransferable } from './not-transferable.js';

/** How values travel: as JSON with the bytes beside it, or as whatever the structured clone takes. */
export type Serialization = 'json' | 'structured';

/** Ends a batch that has attachments: `a` is the list of their paths, kinds and lengths. Never leaves this folder. */
export const ATTACHMENTS = 255;
/**
 * Three numbers of four bytes, little-endian: how long the frame is after them, how much of that is JSON, and a check that
 * these are no other bytes that came into the channel by accident.
 */
export const HEADER_BYTES = 12;
const MAGIC = 0x506f6f6c;

export function checkOf(length: number, jsonLength: number): number {
  return (length ^ jsonLength ^ MAGIC) >>> 0;
}

const SCRATCH_BYTES = 192 * 1024;
/** From how many bytes on a batch should be sent rather than added to. */
const FULL = 48 * 1024;
/** Bytes up to here are copied when they are written, since their owner may change them before they are sent. */
const COPY_BYTES = 16 * 1024;
/** Up to how many numbers in an array are joined by hand, which is faster than `JSON.stringify`. */
const SHORT_ARRAY = 8;

/**
 * Makes frames of messages, for channels that carry bytes. A frame is a header, a batch as JSON, and the bytes that JSON
 * cannot hold.
 */
export class FrameWriter {
  readonly #structured: boolean;
  #text = '';
  #count = 0;
  /** Those of finished messages are the first `attached`. */
  #attachments: Attachment[] = [];
  #attached = 0;
  #attachedBytes = 0;
  #scratch: Buffer | undefined = undefined;

  constructor(serialization: Serialization = 'json') {
    this.#structured = serialization === 'structured';
  }

  /** Whether there is nothing to send. */
  get empty(): boolean {
    return this.#count === 0;
  }

  /** Whether what was written should be sent before more is. */
  get full(): boolean {
    return this.#text.length + this.#attachedBytes >= FULL;
  }

  /**
   * Adds a message. Its values are taken now, except long byte arrays, which make the batch `full`.
   *
   * @throws NotTransferableError when a value cannot be carried; the message is left out then
   */
  write(kind: number, id: number, a: unknown, b: unknown): void {
    const attached = this.#attached;
    // What a message left that was not finished, because it was refused or its writer was interrupted.
    this.#attachments.length = attached;
    const at = this.#count * MESSAGE_WIDTH;
    try {
      const textA = typeof a === 'number' ? this.#number(a, at + 2) : this.#encode(a, at + 2);
      const textB = typeof b === 'number' ? this.#number(b, at + 3) : this.#encode(b, at + 3);
      this.#text += `${this.#count === 0 ? '[' : ','}${kind},${id},${textA},${textB}`;
    } catch (error) {
      if (!(error instanceof Uncarriable)) throw error;
      throw notTransferable(kind, error.path, error.what, this.#hint());
    }
    this.#count += 1;
    if (this.#attachments.length > attached) {
      this.#attached = this.#attachments.length;
      this.#takeBytes(attached);
    }
  }

  /** The frame of all that was written, in pieces to be sent in order. The first is reused: see {@link keep}. */
  take(): Buffer[] {
    const attachments = this.#attachments;
    attachments.length = this.#attached;
    let text = this.#text;
    const pieces: Buffer[] = [];
    let bytes = 0;
    if (attachments.length > 0) {
      const list: unknown[] = [];
      for (const { path, kind, bytes: content } of attachments) {
        const piece = typeof content === 'string' ? encodeText(content, kind) : toBuffer(content);
        list.push([path, kind, piece.length]);
        if (piece.length > 0) pieces.push(piece);
        bytes += piece.length;
      }
      text += `,${ATTACHMENTS},0,${JSON.stringify(list)},null`;
      this.#attachments = [];
      this.#attached = 0;
      this.#attachedBytes = 0;
    }
    this.#text = '';
    this.#count = 0;
    const head = this.#encodeJson(`${text}]`, bytes);
    pieces.unshift(head);
    return pieces;
  }

  /** Says that the last taken pieces are not sent yet, so that their memory is not used for the next ones. */
  keep(): void {
    this.#scratch = undefined;
  }

  #encodeJson(json: string, attachedBytes: number): Buffer {
    let buffer: Buffer;
    let length: number;
    if (json.length * 3 + HEADER_BYTES <= SCRATCH_BYTES) {
      this.#scratch ??= Buffer.allocUnsafeSlow(SCRATCH_BYTES);
      length = this.#scratch.write(json, HEADER_BYTES);
      buffer = this.#scratch.subarray(0, HEADER_BYTES + length);
    } else {
      length = Buffer.byteLength(json);
      buffer = Buffer.allocUnsafeSlow(HEADER_BYTES + length);
      buffer.write(json, HEADER_BYTES);
    }
    buffer.writeUInt32LE(length + attachedBytes, 0);
    buffer.writeUInt32LE(length, 4);
    buffer.writeUInt32LE(checkOf(length + attachedBytes, length), 8);
    return buffer;
  }

  #number(value: number, index: number): string {
    return Number.isFinite(value) ? `${value}` : this.#encode(value, index);
  }

  #encode(value: unknown, index: number): string {
    if (value === null) return 'null';
    if (value === true) return 'true';
    if (value === false) return 'false';
    if (Array.isArray(value) && value.length <= SHORT_ARRAY) {
      const text = joinNumbers(value);
      if (text !== undefined) return text;
    }
    if (this.#structured && typeof value !== 'string') return this.#serialize(value, index);
    return JSON.stringify(prepareJson(value, [index], this.#attachments));
  }

  #serialize(value: unknown, index: number): string {
    let bytes: Buffer;
    try {
      bytes = serialize(value);
    } catch (error) {
      const found = findUncloneable(value, [index]);
      throw found ?? new Uncarriable([index], error instanceof Error ? error.message : String(error));
    }
    this.#attachments.push({ path: [index], kind: STRUCTURED, bytes });
    return 'null';
  }

  #takeBytes(from: number): void {
    for (let i = from; i < this.#attachments.length; i++) {
      const attachment = this.#attachments[i] as Attachment;
      const { bytes, kind } = attachment;
      this.#attachedBytes += bytes.length;
      if (typeof bytes === 'string' || kind === STRUCTURED) continue;
      if (bytes.length <= COPY_BYTES) this.#attachments[i] = { ...attachment, bytes: Buffer.from(bytes) };
      else this.#attachedBytes += FULL;
    }
  }

  #hint(): string {
    return this.#structured
      ? 'pass what the structured clone algorithm takes'
      : "pass JSON values, Buffers and Uint8Arrays, or use serialization: 'structured'";
  }
}

function joinNumbers(array: readonly unknown[]): string | undefined {
  let text = '[';
  for (let i = 0; i < array.length; i++) {
    const item = array[i];
    if (typeof item !== 'number' || !Number.isFinite(item)) return undefined;
    text += i === 0 ? item : `,${item}`;
  }
  return `${text}]`;
}

function encodeText(text: string, kind: number): Buffer {
  if (kind === ASCII) return Buffer.from(text, 'latin1');
  if (kind === UTF16) return Buffer.from(text, 'utf16le');
  return Buffer.alloc(0);
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
