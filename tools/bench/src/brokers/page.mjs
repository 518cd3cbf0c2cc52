import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { markdown, median, rate } from '../table.mjs';
import { aims } from './aims.mjs';
import { peerVersions } from './measure.mjs';

/** @import { Broker } from './contestants.mjs' */
/** @import { Sample } from './measure.mjs' */

const brokers = /** @type {const} */ (['redis', 'rabbitmq']);
const titles = { redis: 'Redis', rabbitmq: 'RabbitMQ' };

/** @type {Record<string, { title: string, format: (value: number) => string }>} */
const columns = {
  drain: { title: 'tasks/s', format: rate },
  results: { title: 'with results', format: rate },
  cpu: { title: 'CPU µs a task', format: (v) => v.toFixed(0) },
  early: { title: 'first tasks p50 ms', format: (v) => v.toFixed(2) },
  p50: { title: 'one task p50 ms', format: (v) => v.toFixed(2) },
  p99: { title: 'p99 ms', format: (v) => v.toFixed(1) },
  memory: { title: 'memory MB', format: (v) => v.toFixed(0) },
  start: { title: 'start to first task ms', format: (v) => v.toFixed(0) },
  produce: { title: 'produced/s', format: rate },
};

/**
 * The tables of what was measured.
 *
 * @param {Sample[]} samples
 * @returns {string}
 */
export function brokersTables(samples) {
  return brokers
    .map((broker) => {
      const own = samples.filter((sample) => sample.broker === broker);
      if (own.length === 0) return '';
      return `## ${titles[broker]}\n\n${figures(own)}\n\n${ratios(own, broker)}`;
    })
    .filter((text) => text !== '')
    .join('\n');
}

/** @param {Sample[]} samples */
function figures(samples) {
  const names = [...new Set(samples.map(({ name }) => name))];
  const keys = Object.keys(columns).filter((key) => samples.some((sample) => sample.key === key));
  const rows = names.map((name) => [
    name,
    ...keys.map((key) => {
      const value = median(valuesOf(samples, name, key));
      return value === undefined ? '–' : (columns[key]?.format(value) ?? '');
    }),
  ]);
  return markdown([['', ...keys.map((key) => columns[key]?.title ?? key)], ...rows]);
}

/**
 * @param {Sample[]} samples
 * @param {string} name
 * @param {string} key
 */
function valuesOf(samples, name, key) {
  return samples.filter((sample) => sample.name === name && sample.key === key).map(({ value }) => value);
}

/**
 * @param {Sample[]} samples
 * @param {Broker} broker
 */
function ratios(samples, broker) {
  const rows = [];
  for (const aim of aims) {
    if (aim.broker !== broker) continue;
    const { ours, theirs, key, theirKey = key, bound, ratio } = aim;
    const found = perRound(samples, ours, key, theirs, theirKey);
    const middle = median(found);
    if (middle === undefined) continue;
    const reached = bound === 'least' ? middle >= ratio : middle <= ratio;
    const what = `${columns[key]?.title}${theirKey === key ? '' : ` to ${columns[theirKey]?.title}`}`;
    const range = found.length > 1 ? ` (${times(Math.min(...found))}–${times(Math.max(...found))})` : '';
    rows.push([
      `${ours} to ${theirs === ours ? 'itself' : theirs}`,
      what,
      `${times(middle)}${range}`,
      `${bound === 'least' ? '≥' : '≤'} ${ratio}`,
      reached ? 'yes' : '**no**',
    ]);
  }
  if (rows.length === 0) return '';
  return `${markdown([['ratio', 'of', 'measured', 'aim', 'reached'], ...rows])}\n`;
}

/** @param {number} value */
function times(value) {
  return value >= 10 ? value.toFixed(0) : value.toFixed(2);
}

/**
 * The ratio of two figures in each round that has both.
 *
 * @param {Sample[]} samples
 * @param {string} ours
 * @param {string} key
 * @param {string} theirs
 * @param {string} theirKey
 */
function perRound(samples, ours, key, theirs, theirKey) {
  const found = [];
  for (const sample of samples) {
    if (!sample.name.startsWith(ours) || sample.key !== key) continue;
    const other = samples.find(
      ({ name, key: of, run }) => name.startsWith(theirs) && of === theirKey && run === sample.run,
    );
    if (other !== undefined) found.push(sample.value / other.value);
  }
  return found;
}

/**
 * @param {Sample[]} samples
 * @returns {string} the whole page
 */
export function brokersPage(samples) {
  const machine = `${availableParallelism()} × ${cpus()[0]?.model.trim() ?? 'CPU'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release()}, Node ${process.version}`;
  const peers = Object.entries(peerVersions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ');
  const rounds = new Set(samples.map(({ run }) => run)).size;
  return `# Benchmarks: workers on Redis and RabbitMQ

\`pool worker\` against Celery's worker and the queues of npm, on the same servers in the same run:
\`npm run bench -- brokers\` (\`--quick\` for a rough look; \`--broker redis\`, \`--only prefork,BullMQ\` and
\`--parts drain,results,latency,produce\` for a part, which replaces that part of this page).

${brokersTables(samples)}
A ratio is the median of the ratios of single rounds (in parentheses the least and the greatest): both were measured one
shortly after the other.

## Method

- ${machine}; ${peers}; Celery, gevent, Redis and RabbitMQ of Debian.
- Everything runs on this one machine: the server, the worker and, while latency is measured, the producer.
- Tasks add two numbers. Up to ${rounds} rounds of all contestants, every second one in reverse; the tables have medians. Each worker
  is a fresh process, and each is at the setting that was its best: the number after its name is its concurrency; Celery without
  gossip, mingle and heartbeat, on RabbitMQ \`threads\` and \`solo\` with a prefetch multiplier of 128, since they stall with
  the default there.
- Ours acknowledge late: nothing is acknowledged before its task has ended and its result is stored. Prefetch is left to
  the worker. Celery acknowledges early, which is its default and its best; celery-node never, and a crash loses its tasks.
- tasks/s: the queue is filled before the worker starts; the rate from 10 % to 90 % done, where done is what the broker holds
  neither as waiting nor as taken (on RabbitMQ: not as waiting). With results: the same, where done is a stored result; in Redis for all of Celery's
  format, the completed set of BullMQ, the success events of bee-queue. celery-node cannot do without.
- CPU: user and system time of the worker's processes in that span.
- One task: a client of the same library sends one task to the idle worker and waits for its result, over and over: for four
  seconds that do not count, then 400 times that do. The first hundred of all are in a column of their own: code that V8 has not
  compiled yet takes two to three times as long, and Python's never changes.
- Where the time of one task goes, on Redis: the message arrives and the worker is told (half a round trip each), takes it (one),
  gives it to a child and gets it back (one, with prefork), stores the result and the client is told (half each). Most of it
  is writing to sockets and waking up, with the client, the server, the worker and its child in each other's way on two
  cores. Celery's worker takes with the command that it waits in, a round trip less, at the price of what it holds when it dies.
- Memory: the worker's process and its children after the drain, shared pages by their share. Start: from starting the
  command until the first task is done (on RabbitMQ: taken).
- Produced: calls without waiting for results. Ours and bare amqplib's 1000 under way at a time, each persistent and on RabbitMQ
  confirmed by it, BullMQ and bee-queue in bulk of 1000, Celery one after the other, since it has no other way, and on
  RabbitMQ without confirmation.
- Floors are the least a program in Node can do that loses nothing, and run no task: on Redis a script that takes 100 and records them as
  held, with the next batch on its way meanwhile, and one acknowledgement a batch; on RabbitMQ prefetch 1000 and one acknowledgement
  a turn of the event loop.
- Environment without \`NODE_EXTRA_CA_CERTS\`. Ours run with \`-l error\`, Celery with \`-l ERROR\`, events off.
`;
}
