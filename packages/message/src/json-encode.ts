import { randomUUID } from 'node:crypto';
import { EncodeError } from './errors.js';
import { bytesValue, type JsonType, typedValue } from './json-types.js';
import { memberPath } from './path.js';

export interface JsonEncodeSettings {
  types: readonly JsonType[];
  maxDepth: number;
  nonFinite: 'python' | 'error';
  typed: boolean;
}

/** JSON text of any value JSON or kombu has a form for; EncodeError with the path of one it has none for. */
export function encodeJsonText(value: unknown, settings: JsonEncodeSettings): string {
  if (isNative(value, settings.maxDepth)) return JSON.stringify(value);
  return new Converter(settings).text(value);
}

/** True when JSON.stringify writes exactly what is meant, which nearly every value allows. */
function isNative(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return isExact(value);
    case 'object':
      break;
    default:
      return false;
  }
  if (value === null) return true;
  if (depth <= 0) return false;
  if (Array.isArray(value)) {
    for (const item of value) {
      if (!isNative(item, depth - 1)) return false;
    }
    return true;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  if ((value as { toJSON?: unknown }).toJSON !== undefined) return false;
  for (const key in value) {
    const member: unknown = (value as Record<string, unknown>)[key];
    if (member !== undefined && !isNative(member, depth - 1)) return false;
  }
  return true;
}

/** Integers past 2**53 are written as floats (1e+20), which is what they are; Python would take digits for an int. */
function isExact(value: number): boolean {
  return Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value);
}

const OPAQUE: readonly (readonly [abstract new (...args: never[]) => object, string])[] = [
  [Map, 'Object.fromEntries(map)'],
  [Set, '[...set]'],
  [WeakMap, 'plain data'],
  [WeakSet, 'plain data'],
  [Promise, 'the awaited value'],
  [RegExp, 'its source'],
  [Error, 'its message'],
];

class Converter {
  readonly #settings: JsonEncodeSettings;
  readonly #ancestors = new Set<object>();
  /** Marks strings that stand for bare JSON tokens; random, so no text of a user can be taken for one. */
  readonly #token = `token:${randomUUID()}:`;
  #tokens = 0;

  constructor(settings: JsonEncodeSettings) {
    this.#settings = settings;
  }

  text(value: unknown): string {
    const plain = JSON.stringify(this.#convert(value, '', this.#settings.maxDepth));
    if (this.#tokens === 0) return plain;
    return plain.replace(new RegExp(`"${this.#token}([^"]*)"`, 'g'), '$1');
  }

  #convert(value: unknown, path: string, depth: number): unknown {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value;
      case 'number':
        return this.#number(value, path);
      case 'bigint':
        return this.#bare(value.toString());
      case 'undefined':
        return null;
      case 'object':
        return value === null ? null : this.#object(value, path, depth);
      default:
        return refuse(`a ${typeof value}`, path, 'send data, not code');
    }
  }

  #number(value: number, path: string): unknown {
    if (isExact(value)) return value;
    if (Number.isFinite(value)) return this.#bare(value.toExponential());
    if (this.#settings.nonFinite === 'python') return this.#bare(String(value));
    return refuse(String(value), path, "send null or set nonFinite: 'python'");
  }

  #bare(token: string): string {
    this.#tokens++;
    return this.#token + token;
  }

  #object(value: object, path: string, depth: number): unknown {
    const special = this.#special(value, path);
    if (special !== undefined) return special;
    if (depth <= 0 || this.#ancestors.has(value)) {
      const what = this.#ancestors.has(value)
        ? 'a circular reference'
        : `nesting over maxDepth = ${this.#settings.maxDepth}`;
      return refuse(what, path, 'send a flat copy');
    }
    this.#ancestors.add(value);
    const converted = Array.isArray(value)
      ? Array.from(value, (item: unknown, index) => this.#convert(item, memberPath(path, index), depth - 1))
      : this.#members(value, path, depth);
    this.#ancestors.delete(value);
    return converted;
  }

  #members(value: object, path: string, depth: number): unknown {
    const toJson: unknown = (value as { toJSON?: unknown }).toJSON;
    if (typeof toJson === 'function') {
      return this.#convert(callToJson(value, toJson, path), path, depth - 1);
    }
    // A null prototype takes a `__proto__` key as data.
    const members = Object.create(null) as Record<string, unknown>;
    for (const [key, member] of Object.entries(value)) {
      if (member !== undefined) members[key] = this.#convert(member, memberPath(path, key), depth - 1);
    }
    return members;
  }

  /** Values with a form of their own; undefined for anything that is just a collection of members. */
  #special(value: object, path: string): unknown {
    for (const type of this.#settings.types) {
      if (type.is === undefined || type.encode === undefined || !type.is(value)) continue;
      const encoded = encodeWith(type, value, path);
      return this.#settings.typed ? typedValue(type.name, encoded) : encoded;
    }
    if (value instanceof ArrayBuffer) return this.#bytes(new Uint8Array(value), path);
    if (ArrayBuffer.isView(value)) {
      if (value instanceof Uint8Array) return this.#bytes(value, path);
      return refuse(`a ${value.constructor.name}`, path, 'use Array.from() or a Uint8Array');
    }
    if (value instanceof Number || value instanceof String || value instanceof Boolean) {
      return this.#convert(value.valueOf(), path, 1);
    }
    const opaque = OPAQUE.find(([kind]) => value instanceof kind);
    if (opaque !== undefined && typeof (value as { toJSON?: unknown }).toJSON !== 'function') {
      return refuse(`a ${opaque[0].name}`, path, `send ${opaque[1]}`);
    }
    return undefined;
  }

  #bytes(value: Uint8Array, path: string): unknown {
    if (this.#settings.typed) return bytesValue(value);
    return refuse('bytes', path, 'send base64 text, or turn typed values on');
  }
}

function callToJson(value: object, toJson: unknown, path: string): unknown {
  try {
    return (toJson as () => unknown).call(value);
  } catch (cause) {
    throw new EncodeError(`toJSON() of the value at ${path || 'the top'} threw`, { path, cause });
  }
}

function encodeWith(type: JsonType, value: object, path: string): unknown {
  try {
    return type.encode?.(value);
  } catch (cause) {
    throw new EncodeError(`Cannot encode the ${type.name} at ${path || 'the top'}: ${reason(cause)}`, {
      path,
      cause,
    });
  }
}

function refuse(what: string, path: string, advice: string): never {
  throw new EncodeError(`Cannot write ${what} as JSON at ${path || 'the top'}; ${advice}`, { path });
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
