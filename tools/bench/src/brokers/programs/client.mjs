/** How many calls a producer has under way at a time. */
const WAVE = 1000;
/** How long calls one after the other go on before they count, in milliseconds. */
const WARM_UP = 4000;
/** How many of them are told as the first ones. */
const FIRST = 100;

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
 * Calls one after the other: those of the first seconds are for warming up, of which the first hundred are told by themselves.
 *
 * @param {number} count
 * @param {(i: number) => Promise<unknown>} call
 */
export async function latencies(count, call) {
  let i = 0;
  /** @param {(done: number) => boolean} more */
  const timed = async (more) => {
    /** @type {number[]} */
    const times = [];
    while (more(times.length)) {
      const start = performance.now();
      await call(i++);
      times.push(performance.now() - start);
    }
    return times;
  };
  const warm = performance.now() + WARM_UP;
  const early = await timed(() => performance.now() < warm);
  const kept = (await timed((done) => done < count)).sort(ascending);
  const first = early.slice(0, FIRST).sort(ascending);
  return { early: first[first.length >> 1], p50: kept[count >> 1], p99: kept[Math.floor(count * 0.99)] };
}

/** @param {number} a @param {number} b */
function ascending(a, b) {
  return a - b;
}

/** @param {unknown} value */
export function print(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
