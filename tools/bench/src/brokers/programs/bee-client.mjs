// node bee-client.mjs produce N | fill N | latency N
import { latencies, print, rate } from './client.mjs';
import { redisConnection, requirePeer } from './peers.mjs';

const [what, text = ''] = process.argv.slice(2);
const count = Number(text);
const Queue = requirePeer('bee-queue');
const events = what === 'latency';
const queue = new Queue('bench', { redis: redisConnection(), isWorker: false, getEvents: events });
await queue.ready();
if (events) {
  print(
    await latencies(
      count,
      (i) =>
        new Promise((resolve, reject) => {
          const job = queue.createJob([i, 1]).setId(`latency-${i}`);
          // It knows a job when the server has answered, by another connection than that of the events, which may be first.
          queue.jobs.set(job.id, job);
          job.on('succeeded', (/** @type {number} */ sum) =>
            sum === i + 1 ? resolve(sum) : reject(new Error('a wrong result')),
          );
          job.save().catch(reject);
        }),
    ),
  );
} else {
  const start = performance.now();
  for (let i = 0; i < count; i += 1000) {
    const length = Math.min(1000, count - i);
    await queue.saveAll(Array.from({ length }, (_, j) => queue.createJob([i + j, 1])));
  }
  print(rate(count, (performance.now() - start) / 1000));
}
process.exit(0);
