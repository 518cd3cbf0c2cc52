import { randomBytes, randomUUID } from 'node:crypto';
import { type RedisServer, startRedis } from '@pool/servers';
import { requireServer } from '@pool/servers/vitest';
import { next, rejection, until } from '@pool/servers/waiting';
import type { Transport } from '@pool/transport';
import { describe, expect, onTestFinished, test } from 'vitest';
import { commandCalls, connect, gather, message, send } from './support/scene.js';

await requireServer('redis');

async function ownServer(options: Parameters<typeof startRedis>[0] = {}): Promise<RedisServer> {
  const redis = await startRedis(options);
  onTestFinished(() => redis.stop());
  return redis;
}

/** What a transport tells from now on, in order. */
function toldBy(transport: Transport): string[] {
  const told: string[] = [];
  transport.on('connected', () => told.push('connected'));
  transport.on('disconnected', () => told.push('disconnected'));
  transport.on('blocked', () => told.push('blocked'));
  transport.on('unblocked', () => told.push('unblocked'));
  return told;
}

/** A queue that hears a fanout exchange and a queue of tasks bound to a direct one, both consumed. */
async function consumeAll(transport: Transport) {
  await transport.declareExchange({ name: 'all', type: 'fanout' });
  await transport.declareExchange({ name: 'some', type: 'direct' });
  for (const queue of ['ears', 'tasks']) await transport.declareQueue({ name: queue });
  await transport.bindQueue({ exchange: 'all', queue: 'ears', routingKey: '' });
  await transport.bindQueue({ exchange: 'some', queue: 'tasks', routingKey: 'k' });
  return gather(transport, ['ears', 'tasks'], { each: () => {} });
}

describe('a server that is killed', () => {
  test.each([
    [true, 'with what it had'],
    [false, 'empty'],
  ])('and comes back (persistent: %s, %s) is declared to and consumed from again', async (persistent) => {
    const redis = await ownServer({ persistent });
    const transport = await connect(redis.url, { reconnect: { initial: 0.05, max: 0.4, jitter: 0 } });
    const told = toldBy(transport);
    const delays: number[] = [];
    transport.on('reconnecting', (_error, _attempt, delay) => delays.push(delay));
    const { count, deliveries, texts } = await consumeAll(transport);
    await send(transport, 'tasks', ['running', 'waiting']);
    await count(2);
    const [running, waiting] = deliveries;
    const lost = next(transport, 'disconnected');
    await redis.kill();
    expect((await lost)[0]).toMatchObject({ code: 'ERR_POOL_CONNECTION' });
    expect(running?.settled).toBeUndefined();
    running?.ack();
    const later = transport.publish(message('published meanwhile'), { routingKey: 'tasks' });
    await until(() => delays.length >= 4, 'it tried four times');
    expect(delays.slice(0, 4)).toEqual([0.1, 0.2, 0.4, 0.4]);
    await redis.restart();
    await later;
    await count(3);
    await transport.publish(message('routed'), { exchange: 'some', routingKey: 'k' });
    await transport.publish(message('broadcast'), { exchange: 'all', routingKey: '' });
    await count(5);
    expect(texts.slice(2).sort()).toEqual(['broadcast', 'published meanwhile', 'routed']);
    expect(told).toEqual(['disconnected', 'connected']);
    await transport.flush();
    waiting?.ack();
    await transport.flush();
    // Where it lost its data nothing was left to acknowledge, and that is told.
    expect(transport.stats).toMatchObject(persistent ? { acked: 2, stale: 0 } : { acked: 0, stale: 2 });
  });

  test('that was emptied under a consumer gives it what comes next', async () => {
    const redis = await ownServer();
    const transport = await connect(redis.url, { unackedRestoreInterval: 0.1 });
    const { consumer, count, texts } = await gather(transport, 'q');
    await consumer.proveConsumption();
    await redis.command('FLUSHALL');
    await send(transport, 'q', ['after']);
    await count(1);
    expect(texts).toEqual(['after']);
    await until(
      async () => (await redis.command('HLEN', '_pool.holders')) === '1',
      'it says again that it is here',
    );
  });
});

test('whoever is back first after an outage does not take the others for gone', async () => {
  const redis = await ownServer({ persistent: true });
  const options = { goneAfter: 0.3, unackedRestoreInterval: 0.05 };
  const waits = (initial: number) => ({ initial, factor: 1, jitter: 0 });
  const holder = await connect(redis.url, { ...options, reconnect: waits(1) });
  const { consumer, count, deliveries } = await gather(holder, 'q', { each: () => {} });
  await send(holder, 'q', ['long']);
  await count(1);
  const peer = await connect(redis.url, { ...options, reconnect: waits(0.02) });
  let failures = 0;
  peer.on('reconnecting', () => {
    failures += 1;
  });
  const [lost, first, second] = [
    next(peer, 'disconnected'),
    next(peer, 'connected'),
    next(holder, 'connected'),
  ];
  await redis.kill();
  await lost;
  await until(() => failures >= 30, 'it was away for a while');
  await redis.restart();
  await first;
  await second;
  await consumer.proveConsumption();
  deliveries[0]?.ack();
  await holder.flush();
  expect(holder.stats).toMatchObject({ delivered: 1, acked: 1, stale: 0 });
  expect(peer.stats.restored).toBe(0);
});

describe('a server that is emptied without an outage', () => {
  /** What a topic, a direct and a fanout exchange lead to while a transport consumes. */
  async function bound(redis: RedisServer) {
    const transport = await connect(redis.url);
    await transport.declareExchange({ name: 'topics', type: 'topic' });
    await transport.bindQueue({ exchange: 'topics', queue: 'tasks', routingKey: 'order.*' });
    return { transport, told: toldBy(transport), gathered: await consumeAll(transport) };
  }
  const keys = ['_kombu.binding.topics', '_kombu.binding.some', '_kombu.binding.all'];
  const members = (redis: RedisServer) => Promise.all(keys.map((key) => redis.command('SMEMBERS', key)));

  test.each([
    [0, 'an idle consumer'],
    [4, 'one that holds messages'],
  ])('gets its bindings back (%s held, %s)', async (held) => {
    const redis = await ownServer();
    const { told, gathered } = await bound(redis);
    const producer = await connect(redis.url);
    await send(producer, 'tasks', Array.from({ length: held }, String));
    await gathered.count(held);
    const before = await members(redis);
    await redis.command('FLUSHALL');
    await until(async () => String(await members(redis)) === String(before), 'they are back');
    await producer.declareExchange({ name: 'topics', type: 'topic' });
    await producer.publish(message('routed'), { exchange: 'topics', routingKey: 'order.new' });
    await producer.declareExchange({ name: 'all', type: 'fanout' });
    await producer.publish(message('broadcast'), { exchange: 'all', routingKey: '' });
    await gathered.count(held + 2);
    expect(gathered.texts.slice(held).sort()).toEqual(['broadcast', 'routed']);
    expect(told).toEqual([]);
  });

  test('gets them back by the renewal where no change wakes', async () => {
    const redis = await ownServer();
    await redis.command('ACL', 'SETUSER', 'default', '-client|tracking');
    const { gathered } = await bound(redis);
    const before = await members(redis);
    await redis.command('FLUSHALL');
    await until(async () => String(await members(redis)) === String(before), 'they are back');
    expect(gathered.texts).toEqual([]);
  });
});

describe('a server that is paused', () => {
  test('is given up when it does not answer, and consumed from when it goes on', async () => {
    const redis = await ownServer();
    const transport = await connect(redis.url, { healthCheckInterval: 0.4, connectTimeout: 0.5 });
    const told = toldBy(transport);
    const held = await gather(transport, 'q', { each: () => {} });
    await send(transport, 'q', ['1']);
    await held.count(1);
    const lost = next(transport, 'disconnected');
    await redis.pause();
    expect((await lost)[0].message).toMatch(/did not answer for 0.4 s/);
    held.deliveries[0]?.ack();
    const back = next(transport, 'connected');
    redis.resume();
    await back;
    await send(transport, 'q', ['2']);
    await held.count(2);
    await transport.flush();
    expect(transport.stats).toMatchObject({ acked: 1, stale: 0 });
    expect(told).toEqual(['disconnected', 'connected']);
  });

  test('is not confused with an event loop that is blocked', async () => {
    const redis = await ownServer();
    const transport = await connect(redis.url, { healthCheckInterval: 0.2 });
    const told = toldBy(transport);
    for (let block = 0; block < 4; block++) {
      // Longer than the server has to answer, begun right after it was asked.
      await until(async () => ((await commandCalls(redis))['ping'] ?? 0) > block, 'it is asked');
      const end = performance.now() + 500;
      while (performance.now() < end);
    }
    await transport.queueSize('q');
    expect(told).toEqual([]);
  });
});

describe('a server without memory', () => {
  test('is told of once, refuses publishes, and is consumed from until it has memory again', async () => {
    const redis = await ownServer();
    const options = { goneAfter: 0.6, unackedRestoreInterval: 0.1, visibilityTimeout: 0.6 };
    const transport = await connect(redis.url, options);
    const told = toldBy(transport);
    await transport.declareExchange({ name: 'some', type: 'direct' });
    await transport.declareQueue({ name: 'q' });
    await transport.bindQueue({ exchange: 'some', queue: 'q', routingKey: 'k' });
    await send(transport, 'q', Array.from({ length: 20 }, String));
    const blocked = next(transport, 'blocked');
    await redis.command('CONFIG', 'SET', 'maxmemory', '1');
    expect((await blocked)[0]).toMatch(/^OOM /);
    const refused = await rejection(transport.publish(message('x'), { routingKey: 'q' }));
    expect(refused).toMatchObject({ code: 'ERR_POOL_PUBLISH' });
    expect(refused.message).toContain('OOM');
    const many = await rejection(
      Promise.all(['a', 'b'].map((queue) => transport.publish(message('x'), { routingKey: queue }))),
    );
    expect(many.message).toContain('OOM');
    let requeued = false;
    const { consumer, count, deliveries } = await gather(transport, 'q', {
      prefetch: 5,
      each: (delivery) => {
        if (requeued) delivery.ack();
        else delivery.reject({ requeue: true });
        requeued = true;
      },
    });
    await count(21);
    expect(deliveries.at(-1)?.redelivered).toBe(true);
    await consumer.cancel();
    await transport.flush();
    expect(await redis.command('EXISTS', 'unacked', 'q')).toBe('0');
    // A connection that is lost meanwhile comes back, declares what is there already, and holders stay known.
    const back = next(transport, 'connected');
    await redis.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await back;
    await until(async () => (await redis.command('HLEN', '_pool.holders')) === '1', 'it is known');
    const over = new Promise((resolve) => transport.once('unblocked', () => resolve(undefined)));
    await redis.command('CONFIG', 'SET', 'maxmemory', '0');
    await over;
    await send(transport, 'q', ['y']);
    expect(told).toEqual(['blocked', 'disconnected', 'connected', 'unblocked']);
  });

  test('renews what is held, and restores what the dead held', async () => {
    const redis = await ownServer();
    const options = { goneAfter: 0.6, unackedRestoreInterval: 0.1, visibilityTimeout: 0.6 };
    const transport = await connect(redis.url, options);
    const held = await gather(transport, 'q', { each: () => {} });
    await send(transport, 'q', ['held']);
    await held.count(1);
    const envelope = '{"body": "hi", "headers": {}, "properties": {"delivery_tag": "dead"}}';
    await redis.command('HSET', 'unacked', 'dead', `[${envelope}, "", "q"]`);
    await redis.command('ZADD', 'unacked_index', String(Date.now() / 1000), 'dead');
    await redis.command('CONFIG', 'SET', 'maxmemory', '1');
    await held.count(2);
    expect(held.texts).toEqual(['held', 'hi']);
    expect(transport.stats).toMatchObject({ delivered: 2, reconnects: 0 });
  });
});

describe('a server that cannot be written to', () => {
  test('is left and tried again until it can', async () => {
    const redis = await ownServer();
    const transport = await connect(redis.url);
    const told = toldBy(transport);
    const attempts: Error[] = [];
    transport.on('reconnecting', (error) => attempts.push(error));
    const { consumer, count } = await gather(transport, 'q');
    await consumer.proveConsumption();
    const lost = next(transport, 'disconnected');
    // It follows a master that nobody reaches, as after a failover it knows nothing of.
    await redis.command('REPLICAOF', '127.0.0.1', '1');
    const failed = await rejection(transport.publish(message('x'), { routingKey: 'q' }));
    expect(failed).toMatchObject({ code: 'ERR_POOL_CONNECTION' });
    expect((await lost)[0].message).toContain('READONLY');
    await until(() => attempts.length >= 3, 'it tried three times');
    expect(attempts[2]?.message).toContain('READONLY');
    await redis.command('REPLICAOF', 'NO', 'ONE');
    await until(() => transport.state === 'connected', 'it is back');
    await send(transport, 'q', ['1']);
    await count(1);
    expect(told).toEqual(['disconnected', 'connected']);
  });

  test('while it loads its data is waited for', async () => {
    // 20 ms for each of 50 keys, and an answer for each KiB, which must not be compressed.
    const slow = ['--key-load-delay', '20000', '--loading-process-events-interval-bytes', '1024'];
    const redis = await ownServer({ args: slow });
    const pairs = Array.from({ length: 50 }, (_, i) => [`key${i}`, randomBytes(1500).toString('base64')]);
    await redis.command('MSET', ...pairs.flat());
    await redis.command('SAVE');
    const transport = await connect(redis.url);
    const { count } = await gather(transport, 'q');
    const attempts: string[] = [];
    transport.on('reconnecting', (error) => attempts.push(error.message));
    const back = next(transport, 'connected');
    await redis.restart({ signal: 'SIGKILL' });
    await back;
    expect(attempts.some((attempt) => attempt.includes('LOADING'))).toBe(true);
    await send(transport, 'q', ['1']);
    await count(1);
  });
});

describe('a connection that is lost alone', () => {
  test.each(['pubsub', 'normal'])('of the type %s is replaced, and a push wakes as before', async (type) => {
    const redis = await ownServer();
    const globalKeyPrefix = `${randomUUID()}:`;
    const transport = await connect(redis.url, { globalKeyPrefix, pollInterval: 3600 });
    const { consumer, count } = await gather(transport, 'q');
    await consumer.proveConsumption();
    const back = next(transport, 'connected');
    await redis.command('CLIENT', 'KILL', 'TYPE', type);
    await back;
    await redis.command('LPUSH', `${globalKeyPrefix}q`, '{"body": "hi"}');
    await count(1);
    expect(transport.stats).toMatchObject({ reconnects: 1, delivered: 1 });
    expect(transport.consumers.size).toBe(1);
  });

  test('leaves nothing behind, however often it happens', async () => {
    const redis = await ownServer();
    const transport = await connect(redis.url);
    await consumeAll(transport);
    for (let i = 0; i < 5; i++) {
      const back = next(transport, 'connected');
      await redis.command('CLIENT', 'KILL', 'TYPE', i % 2 === 0 ? 'pubsub' : 'normal');
      await back;
    }
    await until(async () => {
      const clients = await redis.command('CLIENT', 'LIST');
      return (
        clients
          .split('\n')
          .filter((line) => line.includes(' lib-name=ioredis') || / name=pool\.| sub=[1-9]/.test(line))
          .length === 2
      );
    }, 'it has two connections');
    await transport.deleteQueue('tasks');
    expect(await redis.command('EXISTS', '_kombu.binding.some')).toBe('0');
  });
});
