/** What of a batch travels beside its JSON. */
export interface Attachment {
  /** Where it belongs: the index in the batch, then keys and indices. */
  readonly path: readonly (string | number)[];
  readonly kind: AttachmentKind;
  readonly bytes: Uint8Array | string;
}

/** What an attachment is when it arrives. */
export type AttachmentKind =
  | typeof BUFFER
  | typeof BYTES
  | typeof ASCII
  | typeof UTF16
  | typeof UNDEFINED
  | typeof STRUCTURED;
export const BUFFER = 0;
export const BYTES = 1;
/** A long string of ASCII, carried as it is: JSON would escape and check every character. */
export const ASCII = 2;
/** A long string of anything else. */
export const UTF16 = 3;
/** An array's `undefined`, which JSON would turn into null. */
export const UNDEFINED = 4;
/** A whole value written by `v8.serialize`. */
export const STRUCTURED = 5;

/** From how many characters on a string travels beside the JSON, which would look at each of them four times. */
export const LONG_STRING = 256;
/** How deep a value may nest; deeper is taken for endless. */
const MAX_DEPTH = 1000;

type Path = (string | number)[];

/**
 * Checks that JSON can hold a value and gives back what to stringify: the value itself, or a copy where something was
 * taken out to travel as an attachment.
 *
 * @param path where the value is; extended and restored on the way
 * @throws Uncarriable
 */
export function prepareJson(value: unknown, path: Path, attachments: Attachment[]): unknown {
  switch (typeof value) {
    case 'string':
      return value.length < LONG_STRING ? value : detachString(value, path, attachments);
    case 'boolean':
      return value;
    case 'number':
      if (Number.isFinite(value)) return value;
      throw new Uncarriable(path, `the number ${value}`);
    case 'undefined':
      attachments.push({ path: [...path], kind: UNDEFINED, bytes: '' });
      return null;
    case 'object':
      if (value === null) return value;
      if (path.length > MAX_DEPTH)
        throw new Uncarriable(path.slice(0, 4), 'a value that contains itself or nests too deep');
      if (Array.isArray(value)) return prepareArray(value, path, attachments);
      if (value instanceof Uint8Array && isBytes(value)) {
        attachments.push({ path: [...path], kind: Buffer.isBuffer(value) ? BUFFER : BYTES, bytes: value });
        return null;
      }
      return prepareObject(value as Record<string, unknown>, path, attachments);
    case 'bigint':
      throw new Uncarriable(path, 'a bigint');
    case 'function':
      throw new Uncarriable(path, 'a function');
    default:
      throw new Uncarriable(path, 'a symbol');
  }
}

function prepareArray(array: readonly unknown[], path: Path, attachments: Attachment[]): unknown {
  let copy: unknown[] | undefined;
  const end = path.length;
  for (let i = 0; i < array.length; i++) {
    const item = array[i];
    path[end] = i;
    const prepared = prepareJson(item, path, attachments);
    if (prepared !== item) {
      copy ??= array.slice();
      copy[i] = prepared;
    }
  }
  path.length = end;
  return copy ?? array;
}

function prepareObject(
  object: Record<string, unknown>,
  path: Path,
  attachments: Attachment[],
): Record<string, unknown> {
  const prototype = Object.getPrototypeOf(object);
  // The prototype of plain objects has none itself, whichever realm it is of.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null)
    throw new Uncarriable(path, `an instance of ${prototype.constructor?.name || 'a class'}`);
  let copy: Record<string, unknown> | undefined;
  const end = path.length;
  for (const key of Object.keys(object)) {
    const item = object[key];
    // An absent property reads as undefined too, so JSON's leaving it out changes nothing a reader sees.
    if (item === undefined) continue;
    path[end] = key;
    const prepared = prepareJson(item, path, attachments);
    if (prepared !== item) {
      copy ??= { ...object };
      // Not by assignment: a key may be `__proto__`.
      Object.defineProperty(copy, key, {
        value: prepared,
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
  }
  path.length = end;
  return copy ?? object;
}

function isBytes(value: Uint8Array): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Buffer.prototype || prototype === Uint8Array.prototype || Buffer.isBuffer(value);
}

function detachString(value: string, path: Path, attachments: Attachment[]): null {
  const ascii = Buffer.byteLength(value, 'utf8') === value.length;
  attachments.push({ path: [...path], kind: ascii ? ASCII : UTF16, bytes: value });
  return null;
}

/** Thrown for what JSON cannot hold; whoever knows what the value is makes an error of it. */
export class Uncarriable {
  readonly path: readonly (string | number)[];
  readonly what: string;

  constructor(path: readonly (string | number)[], what: string) {
    this.path = [...path];
    this.what = what;
  }
}
