import { createRequire } from 'node:module';

/** Resolves what is only installed for the benchmark. */
export const requirePeer = createRequire(String(process.env['BENCH_PEERS']));
export const redisUrl = String(process.env['BENCH_REDIS']);
export const amqpUrl = String(process.env['BENCH_AMQP']);

/** host, port and database of the Redis broker */
export function redisConnection() {
  const { hostname, port } = new URL(redisUrl);
  return { host: hostname, port: Number(port), maxRetriesPerRequest: null };
}
