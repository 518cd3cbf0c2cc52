import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRabbitmq, startRedis, TcpProxy } from '@pool/servers';

/**
 * @typedef {object} Place A broker and a result store for a soak.
 * @property {Record<string, string>} direct what says where they are
 * @property {Record<string, string>} viaProxy the same, through a connection that can be cut
 * @property {() => void} cut ends the connections that go through it
 * @property {() => Promise<void>} stop
 */

/** @type {Record<string, () => Promise<Place>>} */
const places = {
  async redis() {
    const redis = await startRedis();
    return withProxy(redis, (url) => ({ POOL_BROKER_URL: url, POOL_RESULT_BACKEND: url }), []);
  },
  async rabbitmq() {
    const [rabbitmq, redis] = await Promise.all([startRabbitmq(), startRedis()]);
    return withProxy(rabbitmq, (url) => ({ POOL_BROKER_URL: url, POOL_RESULT_BACKEND: redis.url }), [redis]);
  },
  async filesystem() {
    const folder = mkdtempSync(join(tmpdir(), 'pool-soak-'));
    const env = {
      POOL_BROKER_URL: `filesystem://${folder}/broker`,
      POOL_RESULT_BACKEND: `filesystem://${folder}/results`,
    };
    return {
      direct: env,
      viaProxy: env,
      cut: () => {},
      stop: async () => rmSync(folder, { recursive: true, force: true }),
    };
  },
};

export const placeNames = Object.keys(places);

/** @param {string} name */
export function startPlace(name) {
  const start = places[name];
  if (start === undefined) throw new TypeError(`a soak runs on ${placeNames.join(', ')}, not on ${name}`);
  return start();
}

/**
 * @param {{ url: string, port: number, stop(): Promise<void> }} server
 * @param {(url: string) => Record<string, string>} envOf
 * @param {readonly { stop(): Promise<void> }[]} others
 * @returns {Promise<Place>}
 */
async function withProxy(server, envOf, others) {
  const proxy = await TcpProxy.start(server.port);
  return {
    direct: envOf(server.url),
    viaProxy: envOf(proxy.through(server.url)),
    cut: () => proxy.cut(),
    async stop() {
      await proxy.stop();
      await Promise.all([server, ...others].map((each) => each.stop()));
    },
  };
}
