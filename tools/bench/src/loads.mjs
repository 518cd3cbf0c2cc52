/** @import { Adapter } from './adapters.mjs' */

/**
 * Keeps so many calls under way for so long; how many a second came back right.
 *
 * @param {(i: number) => Promise<unknown>} call
 * @param {(value: unknown, i: number) => boolean} isRight
 * @param {number} inFlight
 * @param {number} seconds
 * @returns {Promise<number>}
 */
export function throughput(call, isRight, inFlight, seconds) {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const until = start + seconds * 1000;
    let sent = 0;
    let done = 0;
    let under = 0;
    let now = start;
    let over = false;
    const next = () => {
      while (under < inFlight && !over) {
        const i = sent++;
        under++;
        call(i).then((value) => {
          under--;
          done++;
          if (!isRight(value, i)) reject(new Error(`call ${i} came back as ${value}`));
          if ((done & 63) === 0 || inFlight < 64) now = performance.now();
          if (!over && now >= until) {
            over = true;
            measured = (done / (now - start)) * 1000;
          }
          if (!over) next();
          else if (under === 0) resolve(measured);
        }, reject);
      }
    };
    let measured = 0;
    next();
  });
}

/**
 * Makes so many calls, so many at a time.
 *
 * @param {(i: number) => Promise<unknown>} call
 * @param {(value: unknown, i: number) => boolean} isRight
 * @param {number} inFlight
 * @param {number} calls
 */
export async function complete(call, isRight, inFlight, calls) {
  let sent = 0;
  const caller = async () => {
    while (sent < calls) {
      const i = sent++;
      const value = await call(i);
      if (!isRight(value, i)) throw new Error(`call ${i} came back as ${value}`);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, caller));
}

/** How many calls `overhead` times at once, and how often. */
const STRETCH = 50_000;
const STRETCHES = 15;

/**
 * What a pool that runs a call within its own adds to it: nanoseconds of the call itself, and of the same call through the
 * pool, each told of its value by a callback. Medians of stretches that take turns.
 *
 * @param {(value: unknown) => unknown} itself
 * @param {(callback: (result: unknown) => void) => (value: unknown) => void} within
 */
export function overhead(itself, within) {
  let sum = 0;
  const add = (/** @type {unknown} */ value) => {
    sum += Number(value);
  };
  const through = within(add);
  /** @param {(value: unknown) => void} call */
  const stretch = (call) => {
    sum = 0;
    const start = performance.now();
    for (let i = 0; i < STRETCH; i++) call([i, 1]);
    const took = performance.now() - start;
    if (sum !== (STRETCH * (STRETCH + 1)) / 2) throw new Error(`the calls came to ${sum}`);
    return (took * 1e6) / STRETCH;
  };
  const alone = () => stretch((value) => add(itself(value)));
  const pooled = () => stretch(through);
  for (let i = 0; i < 3; i++) alone() + pooled();
  const rounds = Array.from({ length: STRETCHES }, () => ({ alone: alone(), pooled: pooled() }));
  /** @param {(round: { alone: number, pooled: number }) => number} of */
  const middle = (of) => rounds.map(of).sort((a, b) => a - b)[STRETCHES >> 1] ?? Number.NaN;
  return {
    alone: middle(({ alone }) => alone),
    added: middle(({ alone, pooled }) => pooled - alone),
  };
}

/**
 * One call at a time: the time of each, in microseconds, sorted.
 *
 * @param {(i: number) => Promise<unknown>} call
 * @param {number} calls
 * @returns {Promise<number[]>}
 */
export async function roundTrips(call, calls) {
  const times = [];
  for (let i = 0; i < calls; i++) {
    const start = performance.now();
    await call(i);
    times.push((performance.now() - start) * 1000);
  }
  return times.sort((a, b) => a - b);
}

/**
 * 400 short tasks handed in at once, with a long one as the 21st: milliseconds until all short ones are done.
 *
 * @param {Adapter} pool
 * @param {number} roundsPerMs
 */
export async function headOfLine(pool, roundsPerMs) {
  const start = performance.now();
  const short = Array.from({ length: 20 }, () => pool.call('short', roundsPerMs * 0.2));
  const long = pool.call('long', roundsPerMs * 500);
  for (let i = 20; i < 400; i++) short.push(pool.call('short', roundsPerMs * 0.2));
  await Promise.all(short);
  const took = performance.now() - start;
  await long;
  return took;
}

/**
 * How many rounds of the CPU task take a millisecond here and now.
 *
 * @param {(rounds: number) => number} burn
 */
export function calibrate(burn) {
  burn(1e6);
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 7; i++) {
    const start = performance.now();
    burn(1e6);
    best = Math.min(best, performance.now() - start);
  }
  return Math.round(1e6 / best);
}
