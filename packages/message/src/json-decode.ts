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
  const value = parseExactText(text);
  if (value === undefined) return parseQuoted(text, maxDepth, bigIntegers);
  const inexact = inspectTree(value, maxDepth, maxDepth);
  return inexact && bigIntegers ? parseQuoted(text, maxDepth, bigIntegers) : value;
}

/** What JSON.parse gives, or undefined for text that is no JSON only because Python wrote NaN or Infinity. */
function parseExactText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    if (/NaN|Infinity/.test(text)) return undefined;
    throw notJson(cause);
  }
}

function parseQuoted(text: string, maxDepth: number, bigIntegers: boolean): unknown {
  const marker = `token:${randomUUID()}:`;
  let value: unknown;
  try {
    value = JSON.parse(quoteTokens(text, marker, bigIntegers));
  } catch (cause) {
    throw notJson(cause);
  }
  inspectTree(value, maxDepth, maxDepth);
  return restoreTokens(value, marker);
}

function notJson(cause: unknown): DecodeError {
  return new DecodeError(`Not JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
}

/**
 * Checks depth and keys of a parsed tree, and says on the way whether it holds an integer that JSON.parse may have
 * rounded. Throws LimitExceededError, DecodeError. Every message passes here, hence no call for a leaf.
 */
export function inspectTree(value: unknown, depth: number, maxDepth: number): boolean {
  if (typeof value !== 'object' || value === null) return isInexact(value);
  if (depth <= 0) throw limitExceeded('maxDepth', maxDepth, 'Nesting of JSON');
  let inexact = false;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const item: unknown = value[i];
      if (typeof item === 'object') {
        if (item !== null && inspectTree(item, depth - 1, maxDepth)) inexact = true;
      } else if (typeof item === 'number' && isInexact(item)) inexact = true;
    }
    return inexact;
  }
  for (const key in value) {
    const member: unknown = (value as Record<string, unknown>)[key];
    if (typeof member === 'object') {
      if (member !== null && inspectTree(member, depth - 1, maxDepth)) inexact = true;
    } else if (typeof member === 'number' && isInexact(member)) inexact = true;
    if (key === '__proto__' || key === 'constructor') refuseUnsafeKey(key, member);
  }
  return inexact;
}

function isInexact(value: unknown): boolean {
  return Number.isInteger(value) && !Number.isSafeInteger(value);
}

/** Puts the numbers back that stand as marked strings, in place. */
function restoreTokens(value: unknown, marker: string): unknown {
  if (typeof value === 'string') {
    return value.startsWith(marker) ? tokenValue(value.slice(marker.length)) : value;
  }
  if (typeof value !== 'object' || value === null) return value;
  const members = value as Record<string, unknown>;
  for (const key of Object.keys(members)) members[key] = restoreTokens(members[key], marker);
  return members;
}

/**
 * Turns `{"__type__", "__value__"}` objects into live values, innermost first, otherwise in place. A type nobody
 * registered stays as it came.
 */
export function reviveTypes(value: unknown, types: ReadonlyMap<string, JsonType>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const item: unknown = value[i];
      if (typeof item === 'object') value[i] = reviveTypes(item, types);
    }
    return value;
  }
  const members = value as Record<string, unknown>;
  let count = 0;
  for (const key in members) {
    const member = members[key];
    count++;
    if (typeof member === 'object') members[key] = reviveTypes(member, types);
  }
  return count === 2 ? reviveTyped(members, types) : members;
}

function reviveTyped(members: Record<string, unknown>, types: ReadonlyMap<string, JsonType>): unknown {
  const name = members['__type__'];
  const type = typeof name === 'string' && '__value__' in members ? types.get(name) : undefined;
  if (type === undefined) return members;
  try {
    return type.decode(members['__value__']);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DecodeError(`Malformed ${type.name} value: ${why}`, { cause });
  }
}
