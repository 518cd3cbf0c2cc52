import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { GreenPool } from '@pool/green';
import { PreforkPool } from '@pool/prefork';
import { SoloPool } from '@pool/solo';
import { ThreadsPool } from '@pool/threads';
import { calibrate } from './loads.mjs';

/** @import { BasePool } from '@pool/core' */

const tasks = fileURLToPath(new URL('./tasks/workloads.cjs', import.meta.url));
const { burn } = createRequire(import.meta.url)('./tasks/tasks.cjs');
/** How long a task computes or waits, in milliseconds, and how many of them there are. */
export const work = { compute: 20, wait: 30, count: 100 };

/** @typedef {'compute' | 'wait'} Kind */
/** @typedef {{ pools: Record<Kind, BasePool>, rows: string }} Line */

const cpus = availableParallelism();
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * The ways to run the tasks: which pool gets those that compute and which those that wait.
 *
 * @type {Record<string, () => Record<Kind, BasePool>>}
 */
const ways = {
  solo: () => one(new SoloPool()),
  'green, 100': () => one(new GreenPool({ limit: 100, logger: quiet })),
  [`threads, ${cpus}`]: () => one(new ThreadsPool({ limit: cpus })),
  [`prefork, ${cpus}`]: () => one(new PreforkPool({ limit: cpus })),
  'two pools: prefork and green': () => ({
    compute: new PreforkPool({ limit: cpus }),
    wait: new GreenPool({ limit: 100, logger: quiet }),
  }),
};

/**
 * @param {BasePool} pool
 * @returns {Record<Kind, BasePool>}
 */
function one(pool) {
  return { compute: pool, wait: pool };
}

/** @type {Record<string, Kind[]>} */
const workloads = {
  'CPU-bound': ['compute'],
  'I/O-bound': ['wait'],
  mixed: ['compute', 'wait'],
};

/**
 * @typedef {object} Measured
 * @property {number} seconds until all tasks were done
 * @property {number} waiting milliseconds that the median task that waits took, from being handed in
 */

/**
 * Runs every workload every way, `rounds` times; medians.
 *
 * @param {number} rounds
 * @returns {Promise<Map<string, Map<string, Measured>>>} by workload, then by way
 */
export async function measureWorkloads(rounds) {
  const perMs = calibrate(burn);
  const result = new Map();
  for (const [workload, kinds] of Object.entries(workloads)) {
    const byWay = new Map();
    result.set(workload, byWay);
    for (const [way, make] of Object.entries(ways)) {
      if (way.startsWith('two') && kinds.length === 1) continue;
      const samples = [];
      for (let round = 0; round < rounds; round++) samples.push(await measure(make(), kinds, perMs));
      samples.sort((a, b) => a.seconds - b.seconds);
      byWay.set(way, samples[samples.length >> 1]);
    }
  }
  return result;
}

/**
 * @param {Record<Kind, BasePool>} pools
 * @param {Kind[]} kinds
 * @param {number} perMs
 * @returns {Promise<Measured>}
 */
async function measure(pools, kinds, perMs) {
  const distinct = [...new Set(Object.values(pools))];
  await Promise.all(distinct.map((pool) => pool.start()));
  /** @param {Kind} kind */
  const call = (kind) => {
    const argument = kind === 'compute' ? Math.round(work.compute * perMs) : work.wait;
    return pools[kind].applyAsync({ module: tasks, name: kind }, [argument]).result;
  };
  // The first call loads the module.
  await Promise.all(distinct.map((pool) => pool.applyAsync({ module: tasks, name: 'wait' }, [0]).result));
  const waits = [];
  const start = performance.now();
  const all = [];
  for (let i = 0; i < work.count; i++) {
    const kind = /** @type {Kind} */ (kinds[i % kinds.length]);
    const job = call(kind);
    all.push(job);
    if (kind === 'wait') waits.push(job.then(() => performance.now() - start));
  }
  await Promise.all(all);
  const seconds = (performance.now() - start) / 1000;
  const sorted = (await Promise.all(waits)).sort((a, b) => a - b);
  await Promise.all(distinct.map((pool) => pool.stop()));
  return { seconds, waiting: sorted[sorted.length >> 1] ?? Number.NaN };
}
