// node bullmq-worker.mjs process|sandbox CONCURRENCY KEEP: takes jobs of the queue `bench`.
import { fileURLToPath } from 'node:url';
import { redisConnection, requirePeer } from './peers.mjs';

const [how, concurrency, keep] = process.argv.slice(2);
const { Worker } = requirePeer('bullmq');
const sandbox = fileURLToPath(new URL('./bullmq-processor.cjs', import.meta.url));
const run = async (/** @type {{ data: number[] }} */ job) => Number(job.data[0]) + Number(job.data[1]);
new Worker('bench', how === 'process' ? run : sandbox, {
  connection: redisConnection(),
  concurrency: Number(concurrency),
  useWorkerThreads: how === 'threads',
  ...(keep === 'keep' ? {} : { removeOnComplete: { count: 0 } }),
});
