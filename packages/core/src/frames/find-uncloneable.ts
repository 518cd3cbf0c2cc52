import { Uncarriable } from './json-value.js';

/**
 * Finds what in a value the structured clone refuses. Slow, and only called for a value it has refused.
 *
 * @param path where the value is; extended and restored on the way, since a copy a level would fill the memory with a value
 * that nests deep
 */
export function findUncloneable(
  value: unknown,
  path: (string | number)[],
  seen: Set<unknown> = new Set(),
): Uncarriable | undefined {
  if (typeof value === 'function') return new Uncarriable(path, 'a function');
  if (typeof value === 'symbol') return new Uncarriable(path, 'a symbol');
  if (typeof value !== 'object' || value === null || seen.has(value)) return undefined;
  seen.add(value);
  const children: Iterable<[string | number, unknown]> = childrenOf(value);
  for (const [key, child] of children) {
    path.push(key);
    const found = findUncloneable(child, path, seen);
    if (found !== undefined) return found;
    path.pop();
  }
  if (
    value instanceof Promise ||
    value instanceof WeakMap ||
    value instanceof WeakSet ||
    value instanceof WeakRef
  )
    return new Uncarriable(path, `a ${value.constructor.name}`);
  return undefined;
}

function* childrenOf(value: object): Generator<[string | number, unknown]> {
  if (value instanceof Map) {
    let index = 0;
    for (const [key, item] of value) {
      yield [index, key];
      yield [typeof key === 'string' ? key : index, item];
      index += 1;
    }
  } else if (value instanceof Set || Array.isArray(value)) {
    let index = 0;
    for (const item of value) yield [index++, item];
  }
  if (!Array.isArray(value) && !ArrayBuffer.isView(value)) yield* Object.entries(value);
}
