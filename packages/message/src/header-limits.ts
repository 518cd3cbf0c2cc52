import { DecodeError } from './errors.js';
import { refuseUnsafeKey } from './harden.js';
import { inspectTree } from './json-decode.js';
import { DEFAULT_LIMITS, limitExceeded, type MessageLimits } from './limits.js';

/**
 * Checks headers that came another way than in an envelope (AMQP): their number, their nesting, and that no key
 * changes a prototype. Throws LimitExceededError, DecodeError.
 */
export function checkHeaders(
  headers: Record<string, unknown>,
  limits: Readonly<MessageLimits> = DEFAULT_LIMITS,
): void {
  checkPrototype(headers);
  let count = 0;
  for (const key in headers) {
    count += 1;
    const value = headers[key];
    if (key === '__proto__' || key === 'constructor') refuseUnsafeKey(key, value);
    if (!isNested(value)) continue;
    // Bounds the nesting, so it comes before what follows it down.
    inspectTree(value, limits.maxDepth - 1, limits.maxDepth);
    checkPrototypes(value);
  }
  if (count > limits.maxHeaders) refuseCount(limits);
}

export function checkHeaderCount(headers: Record<string, unknown>, limits: Readonly<MessageLimits>): void {
  if (Object.keys(headers).length > limits.maxHeaders) refuseCount(limits);
}

function refuseCount({ maxHeaders }: Readonly<MessageLimits>): never {
  throw limitExceeded('maxHeaders', maxHeaders, 'Number of headers');
}

function checkPrototypes(value: object): void {
  if (Array.isArray(value)) {
    for (const item of value) if (isNested(item)) checkPrototypes(item);
    return;
  }
  checkPrototype(value);
  for (const key in value) {
    const member = (value as Record<string, unknown>)[key];
    if (isNested(member)) checkPrototypes(member);
  }
}

/** A decoder that assigns what a stranger named `__proto__` leaves no such key, but another prototype. */
function checkPrototype(value: object): void {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return;
  throw new DecodeError('Headers with a key "__proto__" are refused');
}

/** Binary values hold nothing to look into. */
function isNested(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array);
}
