import { Uncarriable } from './json-value.js';

/**
 * Finds what in a value the structured clone refuses. Slow, and only called for a value it has refused.
 *
 * @param path where the value is; extended and restored on the way, since a copy a level would fill the memory with a value
 * that nests deep
 * @param refusal why a value is refused for itself, which may be empty; undefined if it is not
 */
export function findUncloneable(
  value: unknown,
  path: (string | number)[],
  refusal: (value: object) => string | undefined = refusalOfClone,
  seen: Set<unknown> = new Set(),
): Uncarriable | undefined {
  if (typeof value === 'function') return new Uncarriable(path, 'a function');
  if (typeof value === 'symbol') return new Uncarriable(path, 'a symbol');
  if (typeof value !== 'object' || value === null || seen.has(value)) return undefined;
  seen.add(value);
  if (process.getBuiltinModule('node:util').types.isProxy(value)) return new Uncarriable(path, 'a Proxy');
  const children: Iterable<[string | number, unknown]> = childrenOf(value);
  for (const [key, child] of children) {
    path.push(key);
    const found = findUncloneable(child, path, refusal, seen);
    if (found !== undefined) return found;
    path.pop();
  }
  const reason = isPlain(value) ? undefined : refusal(value);
  if (reason === undefined) return undefined;
  const what = `an instance of ${value.constructor?.name || 'a class'}`;
  return new Uncarriable(path, reason === '' ? what : `${what} (${reason})`);
}

/** Whether a value is refused for what is in it only. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || prototype === Array.prototype;
}

function refusalOfClone(value: object): string | undefined {
  try {
    structuredClone(value);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
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
