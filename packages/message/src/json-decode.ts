import { randomUUID } from 'node:crypto';
import { DecodeError } from './errors.js';
import { refuseUnsafeKey } from './harden.js';
import { quoteTokens, tokenValue } from './json-tokens.js';
import type { JsonType } from './json-types.js';
import { limitExceeded } from './limits.js';

/**
 * Parses JSON as Python writes it (bare NaN and Infinity included), bounded in depth and free of keys that change
 * prototypes. With `bigIntegers` integers beyond 2**53 - 1 come as BigInt.
 */
export function parseJsonText(text: string, maxDepth: number, bigIntegers: boolean): unknown {
  let value: unknown;
  let exact = true;
  try {
    value = JSON.parse(text);
    exact = !bigIntegers || !hasUnsafeInteger(value, maxDepth, maxDepth);
    if (!bigIntegers) checkTree(value, maxDepth, maxDepth);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    if (!/NaN|Infinity/.test(text)) throw new DecodeError(`Not JSON: ${error.message}`, { cause: error });
    exact = false;
  }
  return exact ? value : parseQuoted(text, maxDepth, bigIntegers);
}

function parseQuoted(text: string, maxDepth: number, bigIntegers: boolean): unknown {
  const marker = `token:${randomUUID()}:`;
  let value: unknown;
  try {
    value = JSON.parse(quoteTokens(text, marker, bigIntegers));
  } catch (error) {
    throw new DecodeError(`Not JSON: ${(error as Error).message}`, { cause: error });
  }
  checkTree(value, maxDepth, maxDepth);
  return mapTree(value, (leaf) =>
    typeof leaf === 'string' && leaf.startsWith(marker) ? tokenValue(leaf.slice(marker.length)) : leaf,
  );
}

function checkTree(value: unknown, depth: number, maxDepth: number): void {
  hasUnsafeInteger(value, depth, maxDepth);
}

/** Checks depth and keys of a whole parsed tree, and says on the way whether it holds an inexact integer. */
function hasUnsafeInteger(value: unknown, depth: number, maxDepth: number): boolean {
  if (typeof value === 'number') return Number.isInteger(value) && !Number.isSafeInteger(value);
  if (typeof value !== 'object' || value === null) return false;
  if (depth <= 0) throw limitExceeded('maxDepth', maxDepth, 'Nesting of a JSON body');
  let unsafe = false;
  if (Array.isArray(value)) {
    for (const item of value) unsafe = hasUnsafeInteger(item, depth - 1, maxDepth) || unsafe;
    return unsafe;
  }
  for (const key in value) {
    const member: unknown = (value as Record<string, unknown>)[key];
    if (key === '__proto__' || key === 'constructor') refuseUnsafeKey(key, member);
    unsafe = hasUnsafeInteger(member, depth - 1, maxDepth) || unsafe;
  }
  return unsafe;
}

/** Replaces leaves (and, by `collapse`, whole objects, innermost first) of a parsed tree in place. */
function mapTree(
  value: unknown,
  leaf: (value: unknown) => unknown,
  collapse?: (value: Record<string, unknown>) => unknown,
): unknown {
  if (typeof value !== 'object' || value === null) return leaf(value);
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) value[i] = mapTree(value[i], leaf, collapse);
    return value;
  }
  const members = value as Record<string, unknown>;
  for (const key in members) members[key] = mapTree(members[key], leaf, collapse);
  return collapse === undefined ? members : collapse(members);
}

const identity = (value: unknown): unknown => value;

/** Turns `{"__type__", "__value__"}` objects into live values. A type nobody registered stays as it came. */
export function reviveTypes(value: unknown, types: ReadonlyMap<string, JsonType>): unknown {
  return mapTree(value, identity, (members) => {
    const name = members['__type__'];
    if (typeof name !== 'string' || !('__value__' in members) || Object.keys(members).length !== 2) {
      return members;
    }
    const type = types.get(name);
    if (type === undefined) return members;
    try {
      return type.decode(members['__value__']);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new DecodeError(`Malformed ${name} value: ${why}`, { cause });
    }
  });
}
