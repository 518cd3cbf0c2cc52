import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { treeCpu, treeMemory } from '../memory.mjs';

/** @import { ChildProcess } from 'node:child_process' */
/** @import { BenchBroker } from './brokers.mjs' */
/** @import { Broker, Contestant } from './contestants.mjs' */

const cwd = fileURLToPath(new URL('./programs/', import.meta.url));
/** How long a worker may take to its first task, in milliseconds. */
const START_PATIENCE = 30_000;
/** How long it is watched from then on, in milliseconds; one that is slower than expected is measured by what it did. */
const PATIENCE = 12_000;
/** How long a client may take, in milliseconds. */
const CLIENT_PATIENCE = 60_000;
/** Less than so many tasks are no rate. */
const ENOUGH = 200;
/** How long a contestant is to drain, in seconds. */
const SECONDS = 1.2;

/**
 * A worker's way through a queue that was filled before it started.
 *
 * @typedef {object} Drained
 * @property {number} rate tasks a second from 10 % done to 90 % done (of all that were done in time, if not all were)
 * @property {number} start milliseconds from the worker's start to the first task done
 * @property {number | undefined} cpu microseconds of CPU that the worker's processes used for each of those tasks
 * @property {number | undefined} memory MB of all its processes, when the queue is empty
 */

/** The environment without what would slow down every Node process that starts. */
function environment() {
  const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
  return env;
}

/**
 * @param {Contestant} contestant
 * @param {Broker} name
 * @param {BenchBroker} broker
 * @param {{ results: boolean, quick: boolean }} options
 * @param {(worker: ChildProcess) => Promise<void>} then is called while the worker idles, if it was in time
 * @returns {Promise<Drained>}
 */
export async function drain(contestant, name, broker, { results, quick }, then) {
  const { format } = contestant;
  const seconds = quick ? SECONDS / 2 : SECONDS;
  const count = Math.round(((contestant.rates[name] ?? 1000) * seconds) / 0.8);
  await broker.fill(format, count, async (n) => {
    await client(contestant, broker, 'fill', n);
  });
  const [file = '', ...args] = contestant.worker(name, results);
  const started = performance.now();
  const worker = spawn(file, args, {
    cwd,
    env: {
      ...environment(),
      ...broker.env,
      ...broker.workerEnv(results || contestant.alwaysStores === true),
      ...contestant.env?.(name),
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const ended = new Promise((resolve) => worker.once('exit', resolve));
  try {
    const stored = results || contestant.alwaysStores === true;
    const doneOf = async () => (stored ? await broker.stored(format) : count - (await broker.left(format)));
    const looks = await watch(doneOf, count, started, broker.pause, worker);
    const memory = treeMemory(worker.pid)?.tree;
    if (Number(looks.at(-1)?.done) < count)
      console.error(`\n${contestant.name} did not end in time: no latency`);
    else await then(worker);
    return { ...slope(looks), start: startOf(looks, started), memory };
  } finally {
    worker.kill('SIGTERM');
    const timer = setTimeout(() => worker.kill('SIGKILL'), 5000);
    await ended;
    clearTimeout(timer);
  }
}

/** @typedef {{ at: number, done: number, cpu?: number | undefined }} Look */

/**
 * Looks how many tasks are done until all are, or it has taken too long.
 *
 * @param {() => Promise<number>} doneOf
 * @param {number} count
 * @param {number} started
 * @param {number} pause
 * @param {ChildProcess} worker
 */
async function watch(doneOf, count, started, pause, worker) {
  /** @type {Look[]} */
  const looks = [];
  let measuring = 0;
  let end = started + START_PATIENCE;
  for (let done = 0; done < count; ) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    done = await doneOf();
    const at = performance.now();
    if (done > 0 && !looks.at(-1)?.done) end = at + PATIENCE;
    const late = at > end;
    /** @type {Look} */
    const look = { at, done };
    if (measuring < 2 && (late || done >= count * (measuring === 0 ? 0.1 : 0.9))) {
      measuring += 1;
      look.cpu = treeCpu(worker.pid);
    }
    looks.push(look);
    if (worker.exitCode !== null) throw new Error(`the worker ended with exit code ${worker.exitCode}`);
    if (!late) continue;
    if (done < ENOUGH) throw new Error(`only ${done} of ${count} tasks were done in time`);
    break;
  }
  return looks;
}

/** @param {Look[]} looks */
function slope(looks) {
  const count = looks.at(-1)?.done ?? 0;
  const from = crossing(looks, count * 0.1);
  const to = crossing(looks, count * 0.9);
  const [a, b] = looks.filter(({ cpu }) => typeof cpu === 'number');
  const cpu =
    a === undefined || b === undefined
      ? undefined
      : (1e6 * (Number(b.cpu) - Number(a.cpu))) / (b.done - a.done);
  return { rate: (count * 0.8) / ((to - from) / 1000), cpu };
}

/**
 * When so many were done, between the looks before and after.
 *
 * @param {Look[]} looks
 * @param {number} done
 */
function crossing(looks, done) {
  const after = looks.findIndex((look) => look.done >= done);
  const [a, b] = [looks[after - 1], looks[after]];
  if (b === undefined) throw new Error('the queue was not drained');
  if (a === undefined || a.done === b.done) return b.at;
  return a.at + ((b.at - a.at) * (done - a.done)) / (b.done - a.done);
}

/**
 * @param {Look[]} looks
 * @param {number} started
 */
function startOf(looks, started) {
  const first = looks.find(({ done }) => done > 0);
  return (first?.at ?? Number.NaN) - started;
}

/**
 * Runs a contestant's client and gives what it measured.
 *
 * @param {Contestant} contestant
 * @param {BenchBroker} broker
 * @param {'produce' | 'fill' | 'latency'} what
 * @param {number} count
 * @returns {Promise<Record<string, number>>}
 */
export async function client(contestant, broker, what, count) {
  const [file = '', ...args] = contestant.client ?? [];
  const child = spawn(file, [...args, what, String(count)], {
    cwd,
    env: { ...environment(), ...broker.env, ...broker.workerEnv(what === 'latency') },
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: CLIENT_PATIENCE,
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  const how = await new Promise((resolve) => child.once('close', (code, signal) => resolve(signal ?? code)));
  if (how === 'SIGTERM') throw new Error(`its client took longer than ${CLIENT_PATIENCE / 1000} s`);
  if (how !== 0) throw new Error(`its client ended with ${how}`);
  return JSON.parse(output.trim().split('\n').at(-1) ?? '{}');
}
