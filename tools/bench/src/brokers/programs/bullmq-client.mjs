// node bullmq-client.mjs produce N | fill N | latency N
import { latencies, print, rate } from './client.mjs';
import { redisConnection, requirePeer } from './peers.mjs';

const [what, text = ''] = process.argv.slice(2);
const count = Number(text);
const { Queue, QueueEvents } = requirePeer('bullmq');
const { Redis } = requirePeer('ioredis');
const connection = redisConnection();
const queue = new Queue('bench', { connection });
if (what === 'latency') {
  // From where the stream of events ends now: by default it reads what comes after its first question, which is under way
  // when it says that it is ready, and of a job that ends before that is heard nobody hears.
  const [last] = await new Redis(connection).xrevrange('bull:bench:events', '+', '-', 'COUNT', 1);
  const events = new QueueEvents('bench', { connection, lastEventId: last?.[0] ?? '0' });
  await events.waitUntilReady();
  print(
    await latencies(count, async (i) => {
      const job = await queue.add('noop', [i, 1]);
      if ((await job.waitUntilFinished(events)) !== i + 1) throw new Error('a wrong result');
    }),
  );
} else {
  const start = performance.now();
  for (let i = 0; i < count; i += 1000) {
    const length = Math.min(1000, count - i);
    await queue.addBulk(Array.from({ length }, (_, j) => ({ name: 'noop', data: [i + j, 1] })));
  }
  print(rate(count, (performance.now() - start) / 1000));
}
process.exit(0);
