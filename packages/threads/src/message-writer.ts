import type { Transferable } from 'node:worker_threads';
import {
  ASCII,
  type Attachment,
  BUFFER,
  findUncloneable,
  notTransferable,
  prepareJson,
  UNDEFINED,
  Uncarriable,
} from '@pool/core/frames';
import { movedIn } from './move.js';

/** From how many characters on a batch should be sent rather than added to. */
const FULL = 48 * 1024;
/** Up to how many items an array is written by hand, which is faster than to prepare and stringify it. */
const SHORT_ARRAY = 8;
/** From how many characters on a string travels beside the text. */
const LONG_STRING = 2048;
const WIDTH = 4;

/** A batch that has more than JSON can hold: its text, where the rest belongs, whether as a Buffer, and the rest. */
export type MixedBatch = readonly [
  text: string,
  paths: readonly (readonly (string | number)[])[],
  buffers: readonly boolean[],
  values: readonly unknown[],
];

/** Where a writer's batches go: a `MessagePort`, or what stands before one. */
export interface Mailbox {
  postMessage(message: unknown, transferList?: readonly Transferable[]): void;
}

/**
 * Writes messages to a port, many in one string: a string is what a port carries fastest. Long strings and bytes travel
 * beside it; a message with values that JSON cannot hold goes by itself, as a structured clone.
 */
export class MessageWriter {
  readonly #port: Mailbox;
  #text = '';
  #count = 0;
  /** Those of finished messages are the first `attached`. */
  #attachments: Attachment[] = [];
  #attached = 0;
  #attachedLength = 0;

  constructor(port: Mailbox) {
    this.#port = port;
  }

  /** About how much has been sent, in characters and bytes. */
  sent = 0;
  /** About how much was written. */
  written = 0;

  /**
   * Adds a message. Its values are taken now.
   *
   * @throws NotTransferableError when a value cannot be carried; the message is left out then
   */
  write(kind: number, id: number, a: unknown, b: unknown): void {
    const transferList = movedIn(a, b);
    if (transferList !== undefined) {
      this.#post(kind, id, a, b, transferList);
      return;
    }
    const attached = this.#attached;
    // What a message left that was not finished, because it was refused or its writer was interrupted.
    if (this.#attachments.length > attached) this.#attachments.length = attached;
    const at = this.#count * WIDTH;
    try {
      const textA = this.#encode(a, at + 2);
      const textB = this.#encode(b, at + 3);
      let size = 0;
      for (let i = attached; i < this.#attachments.length; i++) size += this.#keep(i);
      // All at once, with no call in between: the writer may be interrupted anywhere else.
      this.#text += `${this.#count === 0 ? '[' : ','}${kind},${id},${textA},${textB}`;
      this.#count += 1;
      this.#attached = this.#attachments.length;
      this.#attachedLength += size;
      this.written += textA.length + textB.length + size;
    } catch (error) {
      if (!(error instanceof Uncarriable)) throw error;
      this.#post(kind, id, a, b, []);
    }
  }

  /** Whether what was written should be sent before more is. */
  get full(): boolean {
    return this.#text.length + this.#attachedLength >= FULL;
  }

  /** Sends what was written. */
  flush(): void {
    if (this.#count === 0) return;
    const text = `${this.#text}]`;
    const attachments = this.#attachments;
    if (attachments.length > this.#attached) attachments.length = this.#attached;
    const length = text.length + this.#attachedLength;
    if (attachments.length === 0) {
      this.#empty(length);
      this.#port.postMessage(text);
      return;
    }
    const transferList: Transferable[] = [];
    for (const { bytes } of attachments)
      if (typeof bytes !== 'string' && bytes.buffer instanceof ArrayBuffer) transferList.push(bytes.buffer);
    const batch: MixedBatch = [
      text,
      attachments.map(({ path }) => path),
      attachments.map(({ kind }) => kind === BUFFER),
      attachments.map(attachedValue),
    ];
    // Not before: the writer may be interrupted, and what it holds is then still to be sent.
    this.#empty(length);
    this.#port.postMessage(batch, transferList);
  }

  #empty(sent: number): void {
    this.sent += sent;
    this.#text = '';
    this.#count = 0;
    if (this.#attached === 0) return;
    this.#attachments = [];
    this.#attached = 0;
    this.#attachedLength = 0;
  }

  #post(kind: number, id: number, a: unknown, b: unknown, transferList: readonly Transferable[]): void {
    this.flush();
    try {
      transferList.forEach(assertHere);
      this.#port.postMessage([kind, id, a, b], transferList);
    } catch (error) {
      const { path, what } = uncloneable(a, b, error);
      throw notTransferable(kind, path, what, 'pass what the structured clone algorithm takes');
    }
    this.sent += FULL;
    this.written += FULL;
  }

  /** Takes what an attachment has now; how much that is. */
  #keep(index: number): number {
    const attachment = this.#attachments[index] as Attachment;
    const { bytes } = attachment;
    // A copy of exactly these bytes: a view would drag along the whole memory it looks at. Shared memory stays shared.
    if (typeof bytes !== 'string' && !(bytes.buffer instanceof SharedArrayBuffer))
      this.#attachments[index] = { ...attachment, bytes: new Uint8Array(bytes) };
    return bytes.length;
  }

  #encode(value: unknown, index: number): string {
    if (typeof value === 'object' && value !== null) {
      if (!Array.isArray(value) || value.length > SHORT_ARRAY)
        return JSON.stringify(prepareJson(value, [index], this.#attachments));
      let text = '[';
      for (let i = 0; i < value.length; i++) {
        const item: unknown = value[i];
        if (i > 0) text += ',';
        text +=
          typeof item === 'object' && item !== null
            ? JSON.stringify(prepareJson(item, [index, i], this.#attachments))
            : this.#encodePrimitive(item, [index, i]);
      }
      return `${text}]`;
    }
    return this.#encodePrimitive(value, [index]);
  }

  #encodePrimitive(value: unknown, path: (string | number)[]): string {
    if (typeof value === 'number' && Number.isFinite(value))
      return value === 0 && 1 / value < 0 ? '-0' : `${value}`;
    if (value === null) return 'null';
    if (value === true) return 'true';
    if (value === false) return 'false';
    if (typeof value === 'string' && value.length >= LONG_STRING) {
      this.#attachments.push({ path, kind: ASCII, bytes: value });
      return 'null';
    }
    return JSON.stringify(prepareJson(value, path, this.#attachments));
  }
}

/** A port takes memory that is gone, and the other side then gets nothing at all. */
function assertHere(item: Transferable): void {
  if (item instanceof ArrayBuffer && item.byteLength === 0) new Uint8Array(item);
}

function uncloneable(a: unknown, b: unknown, error: unknown): Uncarriable {
  const reason = error instanceof Error ? error.message : String(error);
  const unknown = new Uncarriable([2], `a value (${reason})`);
  try {
    return findUncloneable(a, [2]) ?? findUncloneable(b, [3]) ?? unknown;
  } catch {
    // It nests so deep that looking for what is wrong fails likewise.
    return unknown;
  }
}

function attachedValue({ kind, bytes }: Attachment): unknown {
  return kind === UNDEFINED ? undefined : bytes;
}
