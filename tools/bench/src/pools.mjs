import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { adapters } from './adapters.mjs';
import { installPeers } from './peers.mjs';

/** @import { Measured, Samples } from './samples.mjs' */

const run = promisify(execFile);
const measure = fileURLToPath(new URL('./measure.mjs', import.meta.url));
/** `start` is a process of its own each time; all others share one. */
export const allLoads = [
  'memory',
  'noop',
  'echo1k',
  'echo100k',
  'rtt',
  'cpu',
  'line',
  'sleep',
  'within',
  'start',
];

/** How many times a pool is started in a round. */
const STARTS = 2;

/**
 * @typedef {object} PoolsOptions
 * @property {number} rounds
 * @property {number} within seconds after which no other round begins, nor is the present one gone on with
 * @property {string[]} only parts of the names of the pools to measure, or `process`, `thread`, `inline`; all when empty
 * @property {string[]} loads all when empty
 * @property {number} size children of each pool
 */

/**
 * Measures the pools in rounds, each pool in a fresh process, one after the other and every other round backwards, so
 * that a slow moment of the machine hits all alike.
 *
 * @param {PoolsOptions} options
 * @returns {Promise<Measured>}
 */
export async function benchPools({ rounds, within, only, loads, size }) {
  const unknown = loads.filter((load) => !allLoads.includes(load));
  if (unknown.length > 0)
    throw new Error(`no load is named ${unknown.join(', ')}; there are ${allLoads.join(', ')}`);
  installPeers();
  const names = Object.entries(adapters)
    .filter(
      ([name, { kind }]) => only.length === 0 || only.some((part) => part === kind || name.includes(part)),
    )
    .map(([name]) => name);
  if (names.length === 0) throw new Error(`no pool is named ${only.join(', ')}`);
  const wanted = loads.length === 0 ? allLoads : loads;
  const seconds = 0.7;
  const until = performance.now() + within * 1000;
  /** @type {Samples} */
  const samples = Object.fromEntries(names.map((name) => [name, {}]));
  /** @param {string} name @param {string[]} which @param {number} round from 0 */
  const sample = async (name, which, round) => {
    if (performance.now() > until) return;
    const result = await measureOne(name, size, seconds, which);
    const own = samples[name] ?? {};
    for (const [key, value] of Object.entries(result)) {
      // Start-up is measured by itself: here the machine may still be busy with what went before.
      if (value === null || (key === 'start' && which.length > 0)) continue;
      own[key] ??= [];
      own[key][round] = value;
    }
  };
  for (let round = 0; round < rounds && performance.now() < until; round++) {
    const inTurn = round % 2 === 0 ? names : [...names].reverse();
    /** @param {(name: string) => Promise<void>} action */
    const each = async (action) => {
      for (const name of inTurn) {
        progress(`round ${round + 1} of ${rounds}: ${name}`);
        await action(name).catch((error) => console.error(`\n${name}: ${error.message}`));
      }
    };
    await each(async (name) => {
      const which = wanted.filter((load) => load !== 'start' && loadsOf(name).includes(load));
      if (which.length > 0) await sample(name, which, round);
    });
    for (let i = 0; wanted.includes('start') && i < STARTS; i++)
      await each((name) => sample(name, [], round * STARTS + i));
  }
  progress('');
  const figures = new Set(Object.values(samples).flatMap((own) => Object.keys(own)));
  const method = `up to ${rounds} rounds of ${seconds} s a load and ${STARTS} starts, ${size} children`;
  return { samples, methods: Object.fromEntries([...figures].map((figure) => [figure, method])) };
}

/** @param {string} name */
function loadsOf(name) {
  return adapters[name]?.loads ?? allLoads.filter((load) => load !== 'sleep' && load !== 'within');
}

/**
 * @param {string} name
 * @param {number} size
 * @param {number} seconds
 * @param {string[]} loads
 * @returns {Promise<Record<string, number | null>>}
 */
async function measureOne(name, size, seconds, loads) {
  // Node reads this file eagerly in every process it starts, which would hide what the pools themselves take.
  const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
  const { stdout } = await run(process.execPath, [measure, name, `${size}`, `${seconds}`, loads.join(',')], {
    env,
    timeout: 120_000,
    killSignal: 'SIGKILL',
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}');
}

/** @param {string} text */
function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
