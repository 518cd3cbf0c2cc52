/**
 * The Burrows-Wheeler transform: the last byte of every rotation of the block, rotations sorted, and where the block
 * itself is among them. Sorts by doubling prefixes, so the worst input takes n log n steps too.
 */
export function sortRotations(block: Uint8Array): { last: Uint8Array; origin: number } {
  const n = block.length;
  const order = sortedRotations(block);
  const last = new Uint8Array(n);
  let origin = 0;
  for (let i = 0; i < n; i++) {
    const start = order[i] ?? 0;
    if (start === 0) origin = i;
    last[i] = block[start === 0 ? n - 1 : start - 1] ?? 0;
  }
  return { last, origin };
}

function sortedRotations(block: Uint8Array): Int32Array {
  const n = block.length;
  let rank: Int32Array = Int32Array.from(block);
  let nextRank: Int32Array = new Int32Array(n);
  const order: Int32Array = Int32Array.from({ length: n }, (_zero, i) => i);
  const shifted: Int32Array = order.slice();
  const starts = new Int32Array(Math.max(n, 256) + 1);
  let classes = 256;
  // With k = 0 the rotations are sorted by their first byte.
  for (let k = 0; ; k = k === 0 ? 1 : k * 2) {
    for (let i = 0; i < n; i++) {
      const start = (order[i] ?? 0) - k;
      shifted[i] = start < 0 ? start + n : start;
    }
    countingSort(shifted, rank, starts, classes, order);
    classes = rerank(order, rank, k, nextRank);
    [rank, nextRank] = [nextRank, rank];
    // A block that repeats itself has equal rotations, which stay so.
    if (classes === n || k * 2 >= n) return order;
  }
}

/** Sorts `items` by their rank, stable, into `sorted`. */
function countingSort(
  items: Int32Array,
  rank: Int32Array,
  starts: Int32Array,
  classes: number,
  sorted: Int32Array,
): void {
  starts.fill(0, 0, classes + 1);
  for (let i = 0; i < items.length; i++) {
    const slot = (rank[items[i] ?? 0] ?? 0) + 1;
    starts[slot] = (starts[slot] ?? 0) + 1;
  }
  for (let i = 1; i <= classes; i++) starts[i] = (starts[i] ?? 0) + (starts[i - 1] ?? 0);
  for (let i = 0; i < items.length; i++) {
    const item = items[i] ?? 0;
    const slot = rank[item] ?? 0;
    const at = starts[slot] ?? 0;
    starts[slot] = at + 1;
    sorted[at] = item;
  }
}

/** Ranks of rotations sorted by their first 2k bytes (one, for k = 0); equal ones share a rank. */
function rerank(order: Int32Array, rank: Int32Array, k: number, result: Int32Array): number {
  const n = order.length;
  let classes = 0;
  let lastFirst = -1;
  let lastSecond = -1;
  for (let i = 0; i < n; i++) {
    const item = order[i] ?? 0;
    const middle = item + k;
    const first = rank[item] ?? 0;
    const second = rank[middle >= n ? middle - n : middle] ?? 0;
    if (first !== lastFirst || second !== lastSecond) classes++;
    result[item] = classes - 1;
    lastFirst = first;
    lastSecond = second;
  }
  return classes;
}
