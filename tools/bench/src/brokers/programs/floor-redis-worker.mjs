// The least a Redis worker can do without losing messages: takes 100 at a time and records them as held in one script,
// with the next batch on its way while this one is read; reads the envelope and the body; acknowledges a batch at once.
import { redisConnection, requirePeer } from './peers.mjs';

const BATCH = 100;
const { Redis } = requirePeer('ioredis');
const redis = new Redis(redisConnection());
const results = process.env['CELERY_RESULT_BACKEND'];
const store = results === undefined ? undefined : new Redis(results);
redis.defineCommand('take', {
  numberOfKeys: 3,
  lua: `
local got = redis.call('RPOP', KEYS[1], ARGV[1])
if not got then return {} end
local held, scores = {}, {}
for i = 1, #got do
  local tag = string.match(got[i], '"delivery_tag":%s*"([^"]+)"')
  held[#held + 1] = tag
  held[#held + 1] = '[' .. got[i] .. ', "", "celery"]'
  scores[#scores + 1] = ARGV[2]
  scores[#scores + 1] = tag
end
redis.call('HSET', KEYS[2], unpack(held))
redis.call('ZADD', KEYS[3], unpack(scores))
return got`,
});
const take = () =>
  /** @type {any} */ (redis).take('celery', 'unacked', 'unacked_index', BATCH, Date.now() / 1000);
let next = take();
for (;;) {
  /** @type {string[]} */
  const envelopes = await next;
  next = take();
  if (envelopes.length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    continue;
  }
  /** @type {string[]} */
  const tags = [];
  const outcomes = store?.pipeline();
  for (const text of envelopes) {
    const envelope = JSON.parse(text);
    const [[a, b]] = JSON.parse(Buffer.from(envelope.body, 'base64').toString());
    tags.push(envelope.properties.delivery_tag);
    if (outcomes === undefined) continue;
    const { id } = envelope.headers;
    const key = `celery-task-meta-${id}`;
    const document = JSON.stringify({
      status: 'SUCCESS',
      result: a + b,
      traceback: null,
      children: [],
      date_done: new Date().toISOString(),
      task_id: id,
    });
    outcomes.setex(key, 86400, document).publish(key, document);
  }
  const ack = () =>
    redis
      .pipeline()
      .zrem('unacked_index', ...tags)
      .hdel('unacked', ...tags)
      .exec();
  if (outcomes === undefined) ack();
  else outcomes.exec().then(ack);
}
