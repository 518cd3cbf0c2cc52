// node bee-worker.mjs CONCURRENCY KEEP: takes jobs of the queue `bench`.
import { redisConnection, requirePeer } from './peers.mjs';

const [concurrency, keep] = process.argv.slice(2);
const Queue = requirePeer('bee-queue');
const kept = keep === 'keep';
const queue = new Queue('bench', { redis: redisConnection(), sendEvents: kept, removeOnSuccess: !kept });
queue.process(
  Number(concurrency),
  async (/** @type {{ data: number[] }} */ job) => Number(job.data[0]) + Number(job.data[1]),
);
