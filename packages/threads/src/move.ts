import type { Transferable } from 'node:worker_threads';

interface Moves {
  /** What is to be transferred along with a value. */
  readonly lists: WeakMap<object, readonly Transferable[]>;
  /** Whether anything was ever moved: most programs need not look. */
  any: boolean;
}

// On globalThis, so that two copies of this package in one thread speak of the same values.
const key = Symbol.for('@pool/threads.move');
const shared = globalThis as { [key]?: Moves };
shared[key] ??= { lists: new WeakMap(), any: false };
const moves: Moves = shared[key];

/**
 * Says that a value's memory is to go over to the other thread rather than be copied; here it is empty afterwards. For
 * arguments, results and posted values, or what they directly contain. Returns the value.
 *
 * A job with moved arguments is sent to a thread once: if that thread is lost before it starts the job, the job fails.
 *
 * @param transferList what to transfer; the value's own buffer, or the value, when left out
 */
export function move<T extends object>(
  value: T,
  transferList: readonly Transferable[] = [
    (ArrayBuffer.isView(value) ? value.buffer : value) as Transferable,
  ],
): T {
  moves.lists.set(value, transferList);
  moves.any = true;
  return value;
}

/** What is to be transferred with a message whose values are these; undefined if nothing. */
export function movedIn(...values: readonly unknown[]): Transferable[] | undefined {
  if (!moves.any) return undefined;
  const found = new Set<Transferable>();
  for (const value of values) collect(value, found, 3);
  return found.size === 0 ? undefined : [...found];
}

function collect(value: unknown, found: Set<Transferable>, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  const list = moves.lists.get(value);
  if (list !== undefined) for (const item of list) found.add(item);
  else if (depth > 0 && !ArrayBuffer.isView(value))
    for (const item of Object.values(value)) collect(item, found, depth - 1);
}
