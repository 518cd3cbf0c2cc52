import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** @typedef {'redis' | 'rabbitmq'} Broker */
/** @typedef {'celery' | 'bullmq' | 'bee'} Format what the queue's messages look like */

/**
 * @typedef {object} Contestant
 * @property {string} name
 * @property {boolean} ours
 * @property {Format} format
 * @property {Partial<Record<Broker, number>>} rates by broker: about how many tasks a second, so that all drain about as long
 * @property {(broker: Broker, results: boolean) => string[]} worker the command
 * @property {(broker: Broker) => Record<string, string>} [env]
 * @property {string[]} [client] the command that produces and measures latency
 * @property {boolean} [measuresLatency] its client is measured; those of one library share one producer
 * @property {boolean} [produces] its client is measured as a producer
 * @property {boolean} [alwaysStores] cannot be told to keep no results
 * @property {boolean} [neverStores] keeps none
 */

const programs = fileURLToPath(new URL('./programs/', import.meta.url));
/** @param {string} name */
const program = (name) => join(programs, name);
/** @param {string} name @param {(number | string)[]} args */
const node = (name, ...args) => [process.execPath, program(name), ...args.map(String)];
const command = join(
  dirname(createRequire(import.meta.url).resolve('@pool/worker/package.json')),
  'dist/bin.js',
);

/**
 * @param {string} pool
 * @param {number} concurrency
 * @param {Contestant['rates']} rates
 * @returns {Contestant}
 */
function ours(pool, concurrency, rates) {
  return {
    name: `@pool ${pool}, ${concurrency}`,
    ours: true,
    format: 'celery',
    rates,
    worker: () => [
      ...[process.execPath, command, 'worker', '-A', program('app.mjs')],
      ...['-P', pool, '-c', String(concurrency), '-l', 'error'],
    ],
    client: node('our-client.mjs'),
    measuresLatency: true,
    produces: pool === 'prefork',
  };
}

/**
 * @param {string} python
 * @param {string} pool
 * @param {number} concurrency
 * @param {Contestant['rates']} rates
 * @param {boolean} ahead whether RabbitMQ needs a prefetch far above the default, at which this pool stalls there
 * @returns {Contestant}
 */
function celery(python, pool, concurrency, rates, ahead) {
  return {
    name: `Celery ${pool}, ${concurrency}`,
    ours: false,
    format: 'celery',
    rates,
    worker: () => [
      ...[python, '-m', 'celery', '-A', 'celery_bench', 'worker', '-l', 'ERROR', '-P', pool],
      ...['-c', String(concurrency), '--without-gossip', '--without-mingle', '--without-heartbeat'],
    ],
    env: (broker) => (ahead && broker === 'rabbitmq' ? { BENCH_PREFETCH: '128' } : {}),
    client: [python, program('celery_bench.py')],
    measuresLatency: true,
    produces: pool === 'prefork',
  };
}

/**
 * All that are measured, each at the setting that was its best.
 *
 * @param {string} python an interpreter with Celery
 * @returns {Contestant[]}
 */
export function contestants(python) {
  return [
    ours('prefork', 2, { redis: 35_000, rabbitmq: 25_000 }),
    ours('threads', 2, { redis: 35_000, rabbitmq: 25_000 }),
    ours('green', 100, { redis: 55_000, rabbitmq: 30_000 }),
    ours('solo', 1, { redis: 55_000, rabbitmq: 30_000 }),
    celery(python, 'prefork', 2, { redis: 2700, rabbitmq: 6000 }, false),
    celery(python, 'threads', 10, { redis: 2600, rabbitmq: 7700 }, true),
    celery(python, 'gevent', 100, { redis: 730, rabbitmq: 1100 }, false),
    celery(python, 'solo', 1, { redis: 3400, rabbitmq: 12_000 }, true),
    {
      name: 'BullMQ in process, 100',
      ours: false,
      format: 'bullmq',
      rates: { redis: 30_000 },
      worker: (_, results) => node('bullmq-worker.mjs', 'process', 100, results ? 'keep' : 'drop'),
      client: node('bullmq-client.mjs'),
      measuresLatency: true,
      produces: true,
    },
    {
      name: 'BullMQ sandboxed processes, 10',
      ours: false,
      format: 'bullmq',
      rates: { redis: 7500 },
      worker: (_, results) => node('bullmq-worker.mjs', 'processes', 10, results ? 'keep' : 'drop'),
      client: node('bullmq-client.mjs'),
      measuresLatency: true,
    },
    {
      name: 'BullMQ sandboxed threads, 10',
      ours: false,
      format: 'bullmq',
      rates: { redis: 9000 },
      worker: (_, results) => node('bullmq-worker.mjs', 'threads', 10, results ? 'keep' : 'drop'),
      client: node('bullmq-client.mjs'),
      measuresLatency: true,
    },
    {
      name: 'bee-queue, 100',
      ours: false,
      format: 'bee',
      rates: { redis: 45_000 },
      worker: (_, results) => node('bee-worker.mjs', 100, results ? 'keep' : 'drop'),
      client: node('bee-client.mjs'),
      measuresLatency: true,
      produces: true,
    },
    {
      name: 'celery-node',
      ours: false,
      format: 'celery',
      rates: { redis: 37_000 },
      worker: () => node('celery-node-worker.mjs'),
      client: node('celery-node-client.mjs'),
      produces: true,
      alwaysStores: true,
    },
    {
      name: 'floor: ioredis',
      ours: false,
      format: 'celery',
      rates: { redis: 100_000 },
      worker: () => node('floor-redis-worker.mjs'),
    },
    {
      name: 'floor: amqplib',
      ours: false,
      format: 'celery',
      rates: { rabbitmq: 40_000 },
      worker: () => node('floor-amqp-worker.mjs'),
      client: node('floor-amqp-client.mjs'),
      produces: true,
      neverStores: true,
    },
  ];
}
