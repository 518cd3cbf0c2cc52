import { startRabbitmq, startRedis } from '@pool/servers';

/** @import { Format } from './contestants.mjs' */

/**
 * What a benchmark needs of a broker: it fills queues and says how many tasks are left.
 *
 * @typedef {object} BenchBroker
 * @property {Record<string, string>} env for workers and clients
 * @property {(results: boolean) => Record<string, string>} workerEnv
 * @property {(format: Format, count: number, fillBy: (count: number) => Promise<void>) => Promise<void>} fill
 * @property {(format: Format) => Promise<number>} left
 * @property {(format: Format) => Promise<number>} stored results
 * @property {number} pause milliseconds between two looks
 * @property {() => Promise<void>} stop
 */

const RESULTS = 1;
const TEMPLATES = 2;
/** Where tasks that are not done yet lie in Redis. */
const places = /** @type {const} */ ({
  celery: { waiting: 'celery', held: 'unacked', count: 'hlen' },
  bullmq: { waiting: 'bull:bench:wait', held: 'bull:bench:active', count: 'llen' },
  bee: { waiting: 'bq:bench:waiting', held: 'bq:bench:active', count: 'llen' },
});
/** How many messages one command carries. */
const CHUNK = 500;

/**
 * @param {NodeJS.Require} require resolves the peers
 * @returns {Promise<BenchBroker>}
 */
export async function redisBroker(require) {
  const server = await startRedis();
  const { Redis } = require('ioredis');
  const resultUrl = databaseUrl(server, RESULTS);
  const redis = new Redis(server.url);
  const results = new Redis(resultUrl);
  // Filled once, and copied for each worker.
  const templates = new Redis(databaseUrl(server, TEMPLATES));
  let made = 0;
  return {
    pause: 3,
    env: { CELERY_BROKER_URL: server.url, BENCH_REDIS: server.url, BENCH_PEERS: require.resolve('ioredis') },
    workerEnv: (wanted) => (wanted ? { CELERY_RESULT_BACKEND: resultUrl } : {}),
    async fill(format, count, fillBy) {
      await Promise.all([redis.flushdb(), results.flushdb()]);
      if (count === 0) return;
      if (format !== 'celery') {
        await fillBy(count);
        return;
      }
      for (; made < count; made += CHUNK) {
        await templates.lpush('celery', ...Array.from({ length: CHUNK }, envelope));
      }
      await templates.copy('celery', 'celery', 'DB', 0);
      await redis.ltrim('celery', 0, count - 1);
    },
    async left(format) {
      const { waiting, held, count } = places[format];
      const [listed, kept] = await Promise.all([redis.llen(waiting), redis[count](held)]);
      return listed + kept;
    },
    async stored(format) {
      if (format === 'bullmq') return redis.zcard('bull:bench:completed');
      if (format === 'bee') return redis.scard('bq:bench:succeeded');
      return results.dbsize();
    },
    async stop() {
      redis.disconnect();
      results.disconnect();
      templates.disconnect();
      await server.stop();
    },
  };
}

/**
 * RabbitMQ, with a Redis for the results.
 *
 * @param {NodeJS.Require} require resolves the peers
 * @returns {Promise<BenchBroker>}
 */
export async function rabbitmqBroker(require) {
  const [server, store] = await Promise.all([startRabbitmq(), startRedis()]);
  const connection = await require('amqplib').connect(server.url);
  const channel = await connection.createConfirmChannel();
  const { Redis } = require('ioredis');
  const resultUrl = databaseUrl(store, RESULTS);
  const results = new Redis(resultUrl);
  return {
    pause: 15,
    env: { CELERY_BROKER_URL: server.url, BENCH_AMQP: server.url, BENCH_PEERS: require.resolve('ioredis') },
    workerEnv: (wanted) => (wanted ? { CELERY_RESULT_BACKEND: resultUrl } : {}),
    async fill(_format, count) {
      await results.flushdb();
      await channel.deleteQueue('celery');
      await channel.assertExchange('celery', 'direct', { durable: true });
      await channel.assertQueue('celery', { durable: true });
      await channel.bindQueue('celery', 'celery', 'celery');
      for (let i = 0; i < count; i++) {
        const { id, headers } = task();
        const properties = {
          ...{ headers, correlationId: id, contentType: 'application/json', contentEncoding: 'utf-8' },
          ...{ deliveryMode: 2, priority: 0 },
        };
        if (!channel.sendToQueue('celery', BODY, properties))
          await new Promise((resolve) => channel.once('drain', resolve));
      }
      await channel.waitForConfirms();
    },
    async left() {
      return (await channel.checkQueue('celery')).messageCount;
    },
    stored: () => results.dbsize(),
    async stop() {
      await connection.close();
      results.disconnect();
      await Promise.all([server.stop(), store.stop()]);
    },
  };
}

/** @param {{ url: string }} server @param {number} database */
function databaseUrl({ url }, database) {
  return url.replace(/\/0$/, `/${database}`);
}

const BODY = Buffer.from('[[2, 3], {}, {"callbacks": null, "errbacks": null, "chain": null, "chord": null}]');

/** The headers of one task, as Celery writes them. */
function task() {
  const id = crypto.randomUUID();
  return {
    id,
    headers: {
      lang: 'py',
      task: 'bench.noop',
      id,
      shadow: null,
      eta: null,
      expires: null,
      group: null,
      group_index: null,
      retries: 0,
      timelimit: [null, null],
      root_id: id,
      parent_id: null,
      argsrepr: '(2, 3)',
      kwargsrepr: '{}',
      origin: 'gen1234@bench',
      ignore_result: false,
    },
  };
}

/** One task as it lies in a list of Redis. */
function envelope() {
  const { id, headers } = task();
  return JSON.stringify({
    body: BODY.toString('base64'),
    'content-encoding': 'utf-8',
    'content-type': 'application/json',
    headers,
    properties: {
      correlation_id: id,
      reply_to: REPLY_TO,
      delivery_mode: 2,
      delivery_info: { exchange: '', routing_key: 'celery' },
      priority: 0,
      body_encoding: 'base64',
      delivery_tag: crypto.randomUUID(),
    },
  });
}

const REPLY_TO = crypto.randomUUID();
