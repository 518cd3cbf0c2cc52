/** How many calls a producer has under way at a time. */
const WAVE = 1000;

/**
 * Calls `send` so often, a wave at a time.
 *
 * @param {number} count
 * @param {(i: number) => Promise<unknown>} send
 * @returns {Promise<number>} seconds
 */
export async function waves(count, send) {
  const start = performance.now();
  for (let i = 0; i < count; i += WAVE) {
    await Promise.all(Array.from({ length: Math.min(WAVE, count - i) }, (_, j) => send(i + j)));
  }
  return (performance.now() - start) / 1000;
}

/**
 * @param {number} count
 * @param {number} seconds
 */
export function rate(count, seconds) {
  return { rate: count / seconds };
}

/**
 * Calls one after the other; the first quarter is for warming up.
 *
 * @param {number} count
 * @param {(i: number) => Promise<unknown>} call
 */
export async function latencies(count, call) {
  const times = [];
  for (let i = 0; i < count * 1.25; i++) {
    const start = performance.now();
    await call(i);
    times.push(performance.now() - start);
  }
  const kept = times.slice(-count).sort((a, b) => a - b);
  return { p50: kept[count >> 1], p99: kept[Math.floor(count * 0.99)] };
}

/** @param {unknown} value */
export function print(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
