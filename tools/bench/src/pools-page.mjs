import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { adapters } from './adapters.mjs';
import { versions } from './peers.mjs';
import { table } from './table.mjs';

/** @import { Measured } from './samples.mjs' */

const titles = {
  process: 'Pools of processes',
  thread: 'Pools of threads',
  inline: 'Pools on the event loop',
};

/**
 * A table for each kind of pool.
 *
 * @param {Measured} measured
 * @returns {string}
 */
export function poolsTables({ samples }) {
  return /** @type {const} */ (['process', 'thread', 'inline'])
    .map((kind) => {
      const names = Object.keys(adapters).filter((name) => adapters[name]?.kind === kind && samples[name]);
      if (names.length === 0) return '';
      const part = new Map(names.map((name) => [name, samples[name] ?? {}]));
      return `### ${titles[kind]}\n\n${table(part, (name) => adapters[name]?.ours === true)}\n`;
    })
    .filter((text) => text !== '')
    .join('\n');
}

/**
 * The page: tables, and how they came to be.
 *
 * @param {Measured} measured
 * @returns {string}
 */
export function poolsPage(measured) {
  const peers = Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ');
  const machine = `${availableParallelism()} × ${cpus()[0]?.model.trim() ?? 'CPU'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release()}, Node ${process.version}`;
  const methods = [...new Set(Object.values(measured.methods))].join('; ');
  return `# Benchmarks

The pools of this repository against the pools of npm, in the same run: \`npm run bench -- pools\`.

${poolsTables(measured)}
Bold is the best of the others; in parentheses is how many times better (above 1) or worse (below 1) ours is than that
one: the median of the ratios of each round, in which the two were measured shortly after one another. Trust the ratios,
not the rates: those differ between machines, and between moments of one machine.

## Method

- ${machine}; ${peers}.
- ${methods}. Every pool is measured in a fresh process, all pools one after the other in each round, every other round
  backwards, each load after a warm-up; the tables have medians.
- One promise a call, and every result is checked. Ours run with what a worker uses: a job object, the accept callback,
  an armed time limit.
- no-op: \`([a, b]) => a + b\`, 2000 calls under way. 1 KiB and 100 KiB echo: a string there and back, 256 and 16 calls
  under way. Round trip: one call at a time. 1 ms CPU: 32 calls under way, as a share of what so many idle cores could do.
  Short tasks past a long one: 400 tasks of 0.2 ms are handed in at once, the 21st is followed by one of 500 ms; the time
  until all short ones are done.
- Sleep, on the event loop only: tasks of 10 ms, 1000 calls under way; 100k a second is ideal. The pools on the event loop run
  1000 calls at a time, solo one.
- Start: from making the pool, its library not loaded yet, to the first result; the job is handed in at once, to be run by
  the first child that is ready. Memory: after 30,000 no-op calls, 2000 under
  way, of slow pools and fast ones; the pool's process and all it started, shared pages by their share; and what of it is
  one child's.
- The call itself: the no-op function called and its value added up, without a pool. The pool adds: how much longer the same
  takes through solo, with a job object, the accept callback and a callback for the value, no limit. Stretches of 50,000
  calls of the one and the other in turn, the median of 15.
- \`×64\` means 64 tasks per worker at a time, for the pools that hold one by default; poolifier sends everything at once.
  The pools without \`×64\` give a child a task only when it is free; \`@pool/prefork fair\` also sends quick ones ahead,
  which the pool can take back until the child is free for them.
- Environment without \`NODE_EXTRA_CA_CERTS\`, which costs every Node process that starts some 28 ms.
- On a machine with few cores the caller competes with the children, as here. Differences in p99 below three times are
  noise.

## Run it

\`\`\`sh
npm run bench -- pools                                  # all of it, at most 8 minutes; writes this page
npm run bench -- pools --quick                          # a rough look: one round
npm run bench -- pools --only process --loads noop,rtt  # a part: of kinds or names of pools, and of loads
npm run bench -- pools --only process --write           # a part that takes the place of its figures on this page
npm run bench -- pools --only thread --within 120       # as many rounds as fit
\`\`\`
`;
}
