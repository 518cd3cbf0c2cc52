import { DecodeError } from './errors.js';
import { limitExceeded } from './limits.js';

/** Refuses keys that turn into a changed prototype when a task copies or merges what it was sent. */
export function refuseUnsafeKey(key: string, member: unknown): void {
  if (key === '__proto__') throw new DecodeError('Refused the key "__proto__" in a message');
  if (
    key === 'constructor' &&
    typeof member === 'object' &&
    member !== null &&
    Object.hasOwn(member, 'prototype')
  ) {
    throw new DecodeError('Refused the keys "constructor.prototype" in a message');
  }
}

/**
 * Checks what a serializer decoded: nesting bounded by `maxDepth`, no keys that change prototypes. Only arrays and
 * plain objects are entered, each once.
 */
export function hardenValue(value: unknown, maxDepth: number): void {
  visit(value, maxDepth, maxDepth, new Set());
}

function visit(value: unknown, depth: number, maxDepth: number, seen: Set<object>): void {
  if (typeof value !== 'object' || value === null || seen.has(value)) return;
  const isArray = Array.isArray(value);
  if (!isArray) {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) return;
  }
  if (depth <= 0) throw limitExceeded('maxDepth', maxDepth, 'Nesting of a message');
  seen.add(value);
  if (isArray) {
    for (const item of value) visit(item, depth - 1, maxDepth, seen);
    return;
  }
  for (const [key, member] of Object.entries(value)) {
    refuseUnsafeKey(key, member);
    visit(member, depth - 1, maxDepth, seen);
  }
}
