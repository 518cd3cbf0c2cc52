// node celery-node-client.mjs produce N
import { print, rate } from './client.mjs';
import { redisUrl, requirePeer } from './peers.mjs';

const count = Number(process.argv[3]);
const client = requirePeer('celery-node').createClient(redisUrl, redisUrl);
const task = client.createTask('bench.noop');
await client.broker.isReady();
const start = performance.now();
// Its calls return before the message is on its way; the last one is when the server has answered.
for (let i = 0; i < count; i++) {
  task.applyAsync([i, 1]);
  if (i % 1000 === 999) await client.broker.redis.ping();
}
await client.broker.redis.ping();
print(rate(count, (performance.now() - start) / 1000));
process.exit(0);
