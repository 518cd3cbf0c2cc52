// Measures one pool in a process of its own: `node measure.mjs ADAPTER SIZE SECONDS LOADS`. Prints JSON.
import { createRequire } from 'node:module';
import { adapters } from './adapters.mjs';
import { calibrate, complete, headOfLine, overhead, roundTrips, throughput } from './loads.mjs';
import { treeMemory } from './memory.mjs';
import { installPeers } from './peers.mjs';

/** After how many calls memory is measured. */
const MEMORY_CALLS = 30_000;
const [name = '', size = '2', seconds = '1', loads = ''] = process.argv.slice(2);
const functions = createRequire(import.meta.url)('./tasks/tasks.cjs');
const { burn } = functions;
const require = installPeers();
const adapter = adapters[name];
if (adapter === undefined) throw new Error(`there is no adapter named ${name}`);

/** @type {Record<string, number | null>} */
const result = {};
const wanted = new Set(loads.split(','));
const time = Number(seconds);

const created = performance.now();
const pool = await adapter.create(Number(size), require);
await pool.call('noop', [1, 2]);
result['start'] = performance.now() - created;

/** @param {number} i */
const noop = (i) => pool.call('noop', [i, 1]);
/** @type {(value: unknown, i: number) => boolean} */
const isSum = (value, i) => value === i + 1;
if (wanted.has('memory')) {
  // As many for the slow as for the fast, before anything else.
  await complete(noop, isSum, 2000, MEMORY_CALLS);
  const memory = treeMemory();
  if (memory !== undefined) {
    result['memory'] = memory.tree;
    if (adapter.kind === 'process') result['child'] = memory.started / Number(size);
  }
}
if (wanted.has('noop')) {
  await throughput(noop, isSum, 2000, time / 2);
  result['noop'] = await throughput(noop, isSum, 2000, time);
}
if (wanted.has('within') && pool.within !== undefined) {
  const { within } = pool;
  const { alone, added } = overhead(functions.noop, (callback) => within('noop', callback));
  result['alone'] = alone;
  result['added'] = added;
}
for (const [load, length, inFlight] of /** @type {const} */ ([
  ['echo1k', 1024, 256],
  ['echo100k', 102400, 16],
])) {
  if (!wanted.has(load)) continue;
  const text = 'x'.repeat(length);
  /** @type {(value: unknown) => boolean} */
  const isText = (value) => typeof value === 'string' && value.length === length;
  await throughput(() => pool.call('echo', text), isText, inFlight, time / 4);
  result[load] = await throughput(() => pool.call('echo', text), isText, inFlight, time);
}
if (wanted.has('rtt')) {
  await roundTrips(noop, 2000);
  const times = await roundTrips(noop, 4000);
  result['p50'] = times[times.length >> 1] ?? null;
  result['p99'] = times[Math.floor(times.length * 0.99)] ?? null;
}
if (wanted.has('sleep')) {
  const sleep = () => pool.call('sleep', 10);
  await throughput(sleep, () => true, 1000, time / 4);
  result['sleep'] = await throughput(sleep, () => true, 1000, time);
}
if (wanted.has('cpu')) {
  const rounds = calibrate(burn);
  const expected = burn(rounds);
  const rate = await throughput(
    () => pool.call('burn', rounds),
    (value) => value === expected,
    32,
    time,
  );
  result['cpu'] = rate / (Number(size) * 1000);
}
if (wanted.has('line')) {
  const rounds = calibrate(burn);
  await Promise.all(Array.from({ length: 400 }, () => pool.call('short', rounds * 0.2)));
  result['line'] = await headOfLine(pool, rounds);
}
await pool.close();
console.log(JSON.stringify(result));
process.exit(0);
