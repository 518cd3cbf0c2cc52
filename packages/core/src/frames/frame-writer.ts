import { MESSAGE_WIDTH } from '../child-messages.js';
import { findUncloneable } from './find-uncloneable.js';
import { COPY_BYTES, FrameMemory, sizeOf } from './frame-memory.js';
import { type Attachment, LONG_STRING, prepareJson, STRUCTURED, Uncarriable } from './json-value.js';
import { lazyV8 } from './lazy-v8.js';
import { notTransferable } from './not-transferable.js';

/** How values travel: as JSON with the bytes beside it, or as whatever the structured clone takes. */
export type Serialization = 'json' | 'structured';

/** Ends a batch that has attachments: `a` is the list of their paths, kinds and lengths. Never leaves this folder. */
export const ATTACHMENTS = 255;
/** From how many bytes on a batch should be sent rather than added to. */
const FULL = 48 * 1024;
/** Up to how many numbers in an array are joined by hand, which is faster than `JSON.stringify`, and how deep they may nest. */
const SHORT_ARRAY = 8;
const FLAT_ARRAY = 2;

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
  readonly #memory: FrameMemory = new FrameMemory();

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
    if (this.#attachments.length > attached) this.#attachments.length = attached;
    const at = this.#count * MESSAGE_WIDTH;
    try {
      const textA = typeof a === 'number' ? this.#number(a, at + 2) : this.#encode(a, at + 2);
      const textB = typeof b === 'number' ? this.#number(b, at + 3) : this.#encode(b, at + 3);
      const bytes = this.#attachments.length > attached ? this.#takeBytes(attached) : 0;
      // All at once, with no call in between: the writer may be interrupted anywhere else.
      this.#text += `${this.#count === 0 ? '[' : ','}${kind},${id},${textA},${textB}`;
      this.#count += 1;
      this.#attached = this.#attachments.length;
      this.#attachedBytes += bytes;
    } catch (error) {
      if (!(error instanceof Uncarriable)) throw error;
      throw notTransferable(kind, error.path, error.what, this.#hint());
    }
  }

  /**
   * The frame of all that was written, in pieces to be sent in order. Their memory is reused: see {@link keep}.
   *
   * @param marked comes out at the reader, which knows what it means
   */
  take(marked = false): Buffer[] {
    const attachments = this.#attachments;
    if (attachments.length > this.#attached) attachments.length = this.#attached;
    let text = this.#text;
    if (attachments.length > 0) {
      text += `,${ATTACHMENTS},0,${listOf(attachments)},null`;
      this.#attachments = [];
      this.#attached = 0;
      this.#attachedBytes = 0;
    }
    this.#text = '';
    this.#count = 0;
    return this.#memory.fill(`${text === '' ? '[' : text}]`, attachments, marked);
  }

  /** Says that the last taken pieces are not sent yet, so that their memory is not used for the next ones. */
  keep(): void {
    this.#memory.keep();
  }

  #number(value: number, index: number): string {
    return Number.isFinite(value) ? `${value}` : this.#encode(value, index);
  }

  #encode(value: unknown, index: number): string {
    if (value === null) return 'null';
    if (value === true) return 'true';
    if (value === false) return 'false';
    if (typeof value === 'string' && value.length < LONG_STRING) return JSON.stringify(value);
    if (Array.isArray(value) && value.length <= SHORT_ARRAY) {
      const text = joinNumbers(value, FLAT_ARRAY);
      if (text !== undefined) return text;
    }
    if (this.#structured && typeof value !== 'string') return this.#serialize(value, index);
    return JSON.stringify(prepareJson(value, [index], this.#attachments));
  }

  #serialize(value: unknown, index: number): string {
    let bytes: Buffer;
    try {
      bytes = lazyV8().serialize(value);
    } catch (error) {
      throw uncloneable(value, index, error);
    }
    this.#attachments.push({ path: [index], kind: STRUCTURED, bytes });
    return 'null';
  }

  /** Takes what bytes have now; how much there is to send, about. */
  #takeBytes(from: number): number {
    let size = 0;
    for (let i = from; i < this.#attachments.length; i++) {
      const attachment = this.#attachments[i] as Attachment;
      const { bytes, kind } = attachment;
      size += bytes.length;
      if (typeof bytes === 'string' || kind === STRUCTURED) continue;
      if (bytes.length <= COPY_BYTES) this.#attachments[i] = { ...attachment, bytes: Buffer.from(bytes) };
      else size += FULL;
    }
    return size;
  }

  #hint(): string {
    return this.#structured
      ? 'pass what the structured clone algorithm takes'
      : "pass JSON values, Buffers and Uint8Arrays, or use serialization: 'structured'";
  }
}

function uncloneable(value: unknown, index: number, error: unknown): Uncarriable {
  const reason = error instanceof Error ? error.message : String(error);
  const unknown = new Uncarriable([index], `a value (${reason})`);
  try {
    return findUncloneable(value, [index], refusal) ?? unknown;
  } catch {
    // It nests so deep, or its getters throw, that looking for what is wrong fails likewise.
    return unknown;
  }
}

function refusal(value: object): string | undefined {
  try {
    lazyV8().serialize(value);
    return undefined;
  } catch {
    // Node's words show all that is in the value.
    return '';
  }
}

function joinNumbers(array: readonly unknown[], depth: number): string | undefined {
  let text = '[';
  for (let i = 0; i < array.length; i++) {
    const item = array[i];
    if (i > 0) text += ',';
    if (typeof item === 'number' && Number.isFinite(item)) text += item;
    else if (Array.isArray(item) && item.length <= SHORT_ARRAY && depth > 1) {
      const inner = joinNumbers(item, depth - 1);
      if (inner === undefined) return undefined;
      text += inner;
    } else return undefined;
  }
  return `${text}]`;
}

/** The paths, kinds and lengths of attachments as JSON; by hand, since there may be one for each message. */
function listOf(attachments: readonly Attachment[]): string {
  let text = '';
  for (const attachment of attachments) {
    const { path, kind } = attachment;
    text += text === '' ? '[[[' : ',[[';
    for (let i = 0; i < path.length; i++) {
      const part = path[i] as string | number;
      if (i > 0) text += ',';
      text += typeof part === 'number' ? part : JSON.stringify(part);
    }
    text += `],${kind},${sizeOf(attachment)}]`;
  }
  return `${text}]`;
}
