import { execFile } from 'node:child_process';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { adapters } from './adapters.mjs';
import { installPeers, versions } from './peers.mjs';
import { table } from './table.mjs';

const run = promisify(execFile);
const measure = fileURLToPath(new URL('./measure.mjs', import.meta.url));
const allLoads = ['noop', 'echo1k', 'echo100k', 'rtt', 'cpu', 'line', 'sleep'];

const titles = {
  process: 'Pools of processes',
  thread: 'Pools of threads',
  inline: 'Pools on the event loop',
};

/**
 * @typedef {object} PoolsOptions
 * @property {boolean} quick one short round
 * @property {string[]} only parts of the names of the pools to measure; all when empty
 * @property {string[]} loads
 * @property {number} size
 */

/**
 * Measures the pools in rounds, each pool in a fresh process, the rounds one after the other, so that a slow moment of
 * the machine hits all alike.
 *
 * @param {PoolsOptions} options
 * @returns {Promise<{ report: string, tables: string }>}
 */
export async function benchPools({ quick, only, loads, size }) {
  installPeers();
  const names = Object.keys(adapters).filter(
    (name) => only.length === 0 || only.some((part) => name.includes(part)),
  );
  const wanted = loads.length === 0 ? allLoads : loads;
  const rounds = quick ? 1 : 3;
  const starts = quick ? 3 : 7;
  const seconds = quick ? 0.5 : 1;
  /** @type {Map<string, Record<string, number[]>>} */
  const samples = new Map(names.map((name) => [name, {}]));
  /** @param {string} name @param {string[]} which */
  const sample = async (name, which) => {
    const result = await measureOne(name, size, seconds, which);
    const own = samples.get(name) ?? {};
    for (const [key, value] of Object.entries(result)) {
      // Start-up is measured by itself: here the machine may still be busy with what went before.
      if (value === null || (key === 'start' && which.length > 0)) continue;
      own[key] ??= [];
      own[key].push(value);
    }
  };
  for (let round = 1; round <= rounds; round++) {
    for (const name of names) {
      progress(`round ${round} of ${rounds}: ${name}`);
      const own = adapters[name]?.loads;
      const which =
        own === undefined
          ? wanted.filter((load) => load !== 'sleep')
          : wanted.filter((load) => own.includes(load));
      await sample(name, which).catch((error) => console.error(`\n${name}: ${error.message}`));
    }
  }
  for (let round = 1; round <= starts; round++) {
    for (const name of names) {
      progress(`start ${round} of ${starts}: ${name}`);
      await sample(name, []).catch((error) => console.error(`\n${name}: ${error.message}`));
    }
  }
  progress('');
  const tables = /** @type {const} */ (['process', 'thread', 'inline'])
    .map((kind) => {
      const part = new Map([...samples].filter(([name]) => adapters[name]?.kind === kind));
      if (part.size === 0) return '';
      return `### ${titles[kind]}\n\n${table(part, (name) => adapters[name]?.ours === true)}\n`;
    })
    .filter((text) => text !== '')
    .join('\n');
  return { tables, report: report(tables, { rounds, starts, seconds, size }) };
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

/**
 * @param {string} tables
 * @param {{ rounds: number, starts: number, seconds: number, size: number }} method
 */
function report(tables, { rounds, starts, seconds, size }) {
  const peers = Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ');
  const machine = `${availableParallelism()} × ${cpus()[0]?.model.trim() ?? 'CPU'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release()}, Node ${process.version}`;
  return `# Benchmarks

The pools of this repository against the pools of npm, in the same run: \`npm run bench -- pools\` (add \`--quick\` for a
rough look, \`--only prefork,poolifier\` or \`--loads noop,rtt\` for a part).

${tables}
Bold is the best of the others; in parentheses is how many times better (above 1) or worse (below 1) ours is than that.

## Method

- ${machine}; ${peers}.
- ${size} children each. Every pool is measured in a fresh process, ${rounds} rounds of all pools one after the other,
  ${seconds} s a load after a warm-up; the table has medians. Start-up is measured ${starts} times, on its own.
- One promise a call, and every result is checked. Ours run with what a worker uses: a job object, the accept callback,
  an armed time limit.
- no-op: \`([a, b]) => a + b\`, 2000 calls under way. 1 KiB and 100 KiB echo: a string there and back, 256 and 16 calls
  under way. Round trip: one call at a time. 1 ms CPU: 32 calls under way, as a share of what ${size} idle cores could do.
  Short tasks past a long one: 400 tasks of 0.2 ms are handed in at once, the 21st is followed by one of 500 ms; the time
  until all short ones are done.
- Sleep, on the event loop only: tasks of 10 ms, 1000 calls under way; 100k a second is ideal. The pools on the event loop run
  1000 calls at a time, solo one.
- Start: from making the pool, its library not loaded yet, to the first result. Memory: after the no-op load, the pool's process
  and its children, shared pages by their share.
- \`×64\` means 64 tasks per worker at a time, for the pools that hold one by default. Environment without
  \`NODE_EXTRA_CA_CERTS\`, which costs every Node process that starts some 28 ms.
- On a machine with few cores the caller competes with the children, as here. Differences in p99 below three times are
  noise.
`;
}
