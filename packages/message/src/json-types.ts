import { Buffer, isUtf8 } from 'node:buffer';
import { formatIso, parseIso } from './iso-date.js';

/**
 * A type JSON does not have, written as kombu does: `{"__type__": name, "__value__": encoded}`.
 * `encode` and `decode` may throw; the serializer turns that into its own errors, with the path of the value.
 */
export interface JsonType {
  /** The `__type__` on the wire. */
  name: string;
  /** True for the live values this type encodes. Without it the type only decodes. */
  is?: ((value: object) => boolean) | undefined;
  /** Live value to a JSON value. */
  encode?: ((value: object) => unknown) | undefined;
  /** JSON value to live value. */
  decode: (value: unknown) => unknown;
}

/** A typed value in its plain form; it may stand anywhere in args, kwargs or a result. */
export interface TypedValue {
  __type__: string;
  __value__: unknown;
}

/** Writes a value of a type that JavaScript lacks, e.g. `typedValue('decimal', '1.10')`. */
export function typedValue(type: string, value: unknown): TypedValue {
  return { __type__: type, __value__: value };
}

const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;

/** Sends a UUID so that Python gets a `uuid.UUID` and not a string. Throws TypeError for text that is no UUID. */
export function uuidValue(text: string): TypedValue {
  if (!UUID.test(text)) throw new TypeError(`Expected a UUID, got ${JSON.stringify(text)}`);
  return typedValue('uuid', { hex: text.replaceAll('-', '').toLowerCase() });
}

/** Bytes in kombu's two forms: text when they are valid UTF-8, base64 when not. */
export function bytesValue(bytes: Uint8Array): TypedValue {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return isUtf8(view) ? typedValue('bytes', view.toString()) : typedValue('base64', view.toString('base64'));
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError(`expected a string, got ${typeof value}`);
  return value;
}

function decodeDatetime(value: unknown): Date {
  const date = parseIso(text(value));
  if (date === null) throw new TypeError(`not an ISO 8601 date: ${JSON.stringify(value)}`);
  return date;
}

function decodeUuid(value: unknown): string {
  const hex = typeof value === 'object' && value !== null && 'hex' in value ? value.hex : value;
  const plain = text(hex).replaceAll('-', '').toLowerCase();
  if (!UUID.test(plain)) throw new TypeError('not a UUID');
  return plain.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/**
 * The types kombu knows. A datetime is a Date (what is finer than a millisecond is lost), bytes are a Buffer; date,
 * time, decimal and uuid, for which JavaScript has no type, are their text.
 */
export const KOMBU_JSON_TYPES: readonly JsonType[] = Object.freeze([
  {
    name: 'datetime',
    is: (value: object) => value instanceof Date,
    encode: (value: object) => formatIso(value as Date),
    decode: decodeDatetime,
  },
  { name: 'bytes', decode: (value: unknown) => Buffer.from(text(value), 'utf8') },
  { name: 'base64', decode: (value: unknown) => Buffer.from(text(value), 'base64') },
  { name: 'date', decode: text },
  { name: 'time', decode: text },
  { name: 'decimal', decode: text },
  { name: 'uuid', decode: decodeUuid },
]);
