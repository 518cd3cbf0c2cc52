import { python } from '@pool/servers';
import { installPeers } from '../peers.mjs';
import { rabbitmqBroker, redisBroker } from './brokers.mjs';
import { contestants } from './contestants.mjs';
import { client, drain } from './drain.mjs';

/** @import { Broker, Contestant } from './contestants.mjs' */
/** @import { BenchBroker } from './brokers.mjs' */

/** What is measured in npm's packages, at the versions that were the newest when this was written. */
export const peerVersions = {
  amqplib: '2.3.1',
  'bee-queue': '2.0.0',
  bullmq: '6.7.0',
  'celery-node': '0.5.9',
  ioredis: '6.0.0',
};

/** @typedef {'drain' | 'results' | 'latency' | 'produce'} Part */

/**
 * @typedef {object} BrokersOptions
 * @property {Broker[]} brokers
 * @property {string[]} only parts of the names of the contestants to measure; all when empty
 * @property {Part[]} parts
 * @property {number} rounds
 * @property {boolean} quick
 */

/**
 * @typedef {object} Sample
 * @property {Broker} broker
 * @property {string} name
 * @property {string} key
 * @property {string} run samples of one round of one run are compared
 * @property {number} value
 */

/**
 * Measures all contestants in rounds, the rounds one after the other, so that a slow moment of the machine hits all alike.
 *
 * @param {BrokersOptions} options
 * @param {(line: string) => void} onMeasured
 * @param {(line: string) => void} onFailed is told why something is not among the samples
 * @returns {Promise<Sample[]>}
 */
export async function measureBrokers({ brokers, only, parts, rounds, quick }, onMeasured, onFailed) {
  const require = installPeers(peerVersions);
  const interpreter = await python(['celery', 'redis', 'gevent']);
  const all = contestants(interpreter).filter(
    ({ name }) => only.length === 0 || only.some((part) => name.toLowerCase().includes(part.toLowerCase())),
  );
  const run = new Date().toISOString();
  /** @type {Sample[]} */
  const samples = [];
  for (const broker of brokers) {
    const server = await (broker === 'redis' ? redisBroker : rabbitmqBroker)(require);
    try {
      for (let round = 1; round <= rounds; round++) {
        // What ran last is not always what is measured next.
        const order = round % 2 === 1 ? all : [...all].reverse();
        for (const contestant of order) {
          if (contestant.rates[broker] === undefined) continue;
          const measured = await one(contestant, broker, server, parts, quick, (what) =>
            onFailed(`${broker} ${round} ${contestant.name}, ${what}`),
          );
          onMeasured(`${broker} ${round} ${contestant.name}: ${summary(measured)}`);
          for (const [key, value] of Object.entries(measured))
            samples.push({ broker, name: contestant.name, key, run: `${run} ${round}`, value });
        }
      }
    } finally {
      await server.stop();
    }
  }
  return samples;
}

/**
 * @param {Contestant} contestant
 * @param {Broker} broker
 * @param {BenchBroker} server
 * @param {Part[]} parts
 * @param {boolean} quick
 * @param {(what: string) => void} onFailed
 */
async function one(contestant, broker, server, parts, quick, onFailed) {
  /** @type {Record<string, number>} */
  const measured = {};
  /** @param {string} what @param {() => Promise<void>} work */
  const attempt = async (what, work) => {
    try {
      await work();
    } catch (error) {
      onFailed(`${what}: ${/** @type {Error} */ (error).message}`);
    }
  };
  if (parts.includes('drain') && contestant.alwaysStores !== true) {
    await attempt('drain', async () => {
      const { rate, start, cpu, memory } = await drain(
        contestant,
        broker,
        server,
        { results: false, quick },
        async () => {},
      );
      Object.assign(measured, { drain: rate, start });
      if (cpu !== undefined) measured['cpu'] = cpu;
      if (memory !== undefined) measured['memory'] = memory;
    });
  }
  const [results, latency] = [
    parts.includes('results'),
    parts.includes('latency') && contestant.measuresLatency === true,
  ];
  if ((results || latency) && contestant.neverStores !== true) {
    // The worker of one task at a time has been through as many as that of results.
    await attempt('results', async () => {
      const { rate, cpu } = await drain(contestant, broker, server, { results: true, quick }, async () => {
        if (!latency) return;
        Object.assign(measured, await client(contestant, server, 'latency', quick ? 200 : 400));
      });
      if (!results) return;
      measured['results'] = rate;
      if (cpu !== undefined) measured['cpuResults'] = cpu;
    });
  }
  if (parts.includes('produce') && contestant.produces === true) {
    await attempt('produce', async () => {
      await server.fill('celery', 0, async () => {});
      const count = contestant.name.startsWith('Celery') ? 3000 : 20_000;
      measured['produce'] = Number((await client(contestant, server, 'produce', count))['rate']);
    });
  }
  return measured;
}

/** @param {Record<string, number>} measured */
function summary(measured) {
  return Object.entries(measured)
    .map(([key, value]) => `${key} ${value >= 100 ? Math.round(value) : value.toFixed(2)}`)
    .join(', ');
}
