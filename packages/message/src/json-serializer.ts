import { Buffer } from 'node:buffer';
import { parseJsonText, reviveTypes } from './json-decode.js';
import { encodeJsonText } from './json-encode.js';
import { type JsonType, KOMBU_JSON_TYPES } from './json-types.js';
import { DEFAULT_LIMITS } from './limits.js';
import type { Serializer } from './serializer.js';
import { decodeUtf8 } from './text.js';

export interface JsonSerializerOptions {
  /** Types beside kombu's; one with the name of a kombu type replaces it. */
  types?: readonly JsonType[] | undefined;
  /** @default 512 */
  maxDepth?: number | undefined;
  /**
   * Integers that a number cannot hold exactly (beyond 2**53 - 1) come as `bigint`, or as the nearest `number`.
   * @default 'bigint'
   */
  bigIntegers?: 'bigint' | 'number' | undefined;
  /** NaN and Infinity are written bare, as Python writes and reads them, or refused. @default 'python' */
  nonFinite?: 'python' | 'error' | undefined;
  /**
   * Write dates and bytes as kombu >= 5.3 does, with their type. `false` writes a date as its bare ISO text and
   * refuses bytes, as kombu <= 5.2 does, which cannot read typed values. @default true
   */
  typed?: boolean | undefined;
}

/**
 * The `json` serializer, in kombu's dialect: dates and bytes carry their type, NaN and Infinity are read, BigInt is
 * written as an integer, and what has no form (functions, Map, circular references …) is an EncodeError, never `{}`.
 */
export function createJsonSerializer(options: JsonSerializerOptions = {}): Serializer {
  const types = new Map(KOMBU_JSON_TYPES.map((type) => [type.name, type]));
  for (const type of options.types ?? []) types.set(type.name, type);
  const maxDepth = options.maxDepth ?? DEFAULT_LIMITS.maxDepth;
  const bigIntegers = options.bigIntegers !== 'number';
  const encoding = {
    types: [...(options.types ?? []), ...KOMBU_JSON_TYPES],
    maxDepth,
    nonFinite: options.nonFinite ?? 'python',
    typed: options.typed !== false,
  };
  return {
    name: 'json',
    contentType: 'application/json',
    contentEncoding: 'utf-8',
    encode: (value) => Buffer.from(encodeJsonText(value, encoding)),
    decode: (body) => parseJsonText(decodeUtf8(body), maxDepth, bigIntegers),
    revive: (value) => reviveTypes(value, types),
  };
}
