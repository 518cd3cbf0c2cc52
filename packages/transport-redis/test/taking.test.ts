import { randomUUID } from 'node:crypto';
import { requireServer } from '@pool/servers/vitest';
import { until } from '@pool/servers/waiting';
import { describe, expect, test } from 'vitest';
import { ConsumerProcess } from './support/child.js';
import { commandCalls, connect, elapse, gather, send } from './support/scene.js';

const redis = await requireServer('redis');

describe('taking', () => {
  test('consumers killed at random moments under load lose nothing', async () => {
    const globalKeyPrefix = `${randomUUID()}:`;
    const options = { globalKeyPrefix, goneAfter: 0.5, unackedRestoreInterval: 0.2 };
    const transport = await connect(redis.url, options);
    const all = Array.from({ length: 12_000 }, (_, i) => String(i));
    const seen = new Set<string>();
    for (let victim = 1; victim <= 3; victim++) {
      // Whoever starts late must not find that the others have done it all.
      await send(transport, 'q', all.slice((victim - 1) * 4000, victim * 4000));
      const order = { url: redis.url, queue: 'q', options, prefetch: 7 * victim, play: 'work' as const };
      const children = [new ConsumerProcess(order), new ConsumerProcess(order)];
      await Promise.race(children.map((child) => child.told(1)));
      await elapse(Math.random() / 20);
      await Promise.all(children.map((child) => child.kill()));
      for (const child of children) for (const text of child.texts) seen.add(text);
    }
    const early = seen.size;
    expect(early).toBeGreaterThan(0);
    const { texts } = await gather(transport, 'q');
    await until(() => new Set([...seen, ...texts]).size === all.length, 'every message is seen');
    await until(async () => {
      await transport.flush();
      return (await redis.command('HLEN', `${globalKeyPrefix}unacked`)) === '0';
    }, 'nothing is held');
    expect(await redis.command('EXISTS', `${globalKeyPrefix}unacked_index`)).toBe('0');
    await until(
      async () => (await redis.command('HLEN', `${globalKeyPrefix}_pool.holders`)) === '1',
      'the dead are forgotten',
    );
  });

  test('what comes back unattempted is as it was, at its old place; otherwise it is marked, and waits its turn', async () => {
    const transport = await connect(redis.url, { globalKeyPrefix: `${randomUUID()}:` });
    await send(transport, 'q', ['1', '2', '3', '4']);
    const first = await gather(transport, 'q', { prefetch: 3, each: () => {} });
    await first.count(3);
    await first.consumer.cancel();
    const [one, two, three] = first.deliveries;
    for (const delivery of [one, two]) delivery?.reject({ requeue: true, attempted: false });
    three?.reject({ requeue: true });
    await transport.flush();
    const second = await gather(transport, 'q');
    await second.count(4);
    expect(second.texts).toEqual(['1', '2', '4', '3']);
    expect(second.deliveries.map(({ redelivered, deliveryCount }) => [redelivered, deliveryCount])).toEqual([
      [false, 0],
      [false, 0],
      [false, 0],
      [true, 1],
    ]);
  });

  test('what is urgent comes first, and queues of one urgency take turns', async () => {
    const transport = await connect(redis.url, { globalKeyPrefix: `${randomUUID()}:` });
    for (const queue of ['a', 'b', 'c']) {
      await send(transport, queue, [`${queue}-late`, `${queue}-late2`], { priority: 9 });
      await send(transport, queue, [`${queue}1`, `${queue}2`, `${queue}3`, `${queue}4`]);
    }
    await send(transport, 'c', ['c-middle'], { priority: 4 });
    const { count, texts } = await gather(transport, ['a', 'b', 'c'], { prefetch: 3 });
    await count(19);
    const urgent = texts.slice(0, 12);
    for (let i = 0; i < 12; i += 3) {
      expect(urgent.slice(i, i + 3).sort()).toEqual(['a', 'b', 'c'].map((queue) => `${queue}${i / 3 + 1}`));
    }
    expect(texts[12]).toBe('c-middle');
    expect(texts.slice(13).every((text) => text.includes('late'))).toBe(true);
  });

  test('a queue that is busy leaves the others their share', async () => {
    const transport = await connect(redis.url, { globalKeyPrefix: `${randomUUID()}:` });
    await send(
      transport,
      'busy',
      Array.from({ length: 50 }, (_, i) => `busy${i}`),
    );
    await send(transport, 'quiet', ['quiet1', 'quiet2']);
    const { count, texts } = await gather(transport, ['busy', 'quiet'], { prefetch: 4 });
    await count(52);
    expect(texts.slice(0, 4).filter((text) => text.startsWith('quiet'))).toHaveLength(2);
  });

  test('waiting on empty queues asks the server nothing, and a push of anybody wakes', async () => {
    const globalKeyPrefix = `${randomUUID()}:`;
    const slow = { pollInterval: 3600, unackedRestoreInterval: 3600, healthCheckInterval: 3600 };
    const transport = await connect(redis.url, { globalKeyPrefix, ...slow });
    const { consumer, count } = await gather(transport, ['a', 'b', 'c']);
    await consumer.proveConsumption();
    await until(async () => ((await commandCalls(redis))['client|caching'] ?? 0) > 0, 'it is armed');
    await redis.command('CONFIG', 'RESETSTAT');
    await elapse(1);
    const calls = await commandCalls(redis);
    // The signs of life that others rely on are all there is.
    const { hset = 0, eval: evals = 0, evalsha = 0 } = calls;
    expect(hset).toBeLessThanOrEqual(1);
    expect(evals + evalsha).toBeLessThanOrEqual(1);
    expect(calls['rpop'] ?? 0).toBe(0);
    expect(calls['llen'] ?? 0).toBe(0);
    // As kombu pushes, first to an empty queue, then while it sleeps again; also after the server forgot all scripts.
    const envelope =
      '{"body": "aGk=", "properties": {"body_encoding": "base64", "delivery_tag": "TAG"}, "headers": {}}';
    await redis.command('LPUSH', `${globalKeyPrefix}b`, envelope.replace('TAG', '1'));
    await count(1);
    await redis.command('SCRIPT', 'FLUSH');
    await redis.command('LPUSH', `${globalKeyPrefix}c\x06\x169`, envelope.replace('TAG', '2'));
    await count(2);
    // A take that finds the end arms as well: to be awake for one message costs one look at the twelve lists.
    await redis.command('CONFIG', 'RESETSTAT');
    for (let i = 3; i < 13; i++) {
      await redis.command('LPUSH', `${globalKeyPrefix}a`, envelope.replace('TAG', String(i)));
      await count(i);
    }
    expect((await commandCalls(redis))['rpop']).toBeLessThan(12 * 15);
  });

  test('where the server may not tell of changes the poll finds them', async () => {
    const globalKeyPrefix = `${randomUUID()}:`;
    await redis.command('ACL', 'SETUSER', 'poller', 'on', '>p', '~*', '&*', '+@all', '-client|tracking');
    const transport = await connect(redis.urlFor('poller', 'p'), { globalKeyPrefix, pollInterval: 0.2 });
    const { consumer, count } = await gather(transport, 'q');
    await consumer.proveConsumption();
    await redis.command('LPUSH', `${globalKeyPrefix}q`, '{"body": "hi"}');
    await count(1);
  });

  test('acks of one turn are one command, and so are publishes, whatever their number', async () => {
    const transport = await connect(redis.url, { globalKeyPrefix: `${randomUUID()}:` });
    const held = await gather(transport, 'q', { each: () => {} });
    await send(transport, 'q', Array.from({ length: 300 }, String));
    await held.count(300);
    await held.consumer.cancel();
    await redis.command('CONFIG', 'RESETSTAT');
    const before = Number(/total_reads_processed:(\d+)/.exec(await redis.command('INFO', 'stats'))?.[1]);
    const sent = send(transport, 'other', Array.from({ length: 300 }, String));
    for (const delivery of held.deliveries) delivery.ack();
    await Promise.all([sent, transport.flush()]);
    const calls = await commandCalls(redis);
    const after = Number(/total_reads_processed:(\d+)/.exec(await redis.command('INFO', 'stats'))?.[1]);
    expect(calls['lpush']).toBe(1);
    expect(calls['hdel']).toBe(300);
    expect(calls['zrem']).toBe(1);
    // Two commands, at the most two reads of the server; redis-cli itself and our signs of life are the rest.
    expect((calls['eval'] ?? 0) + (calls['evalsha'] ?? 0)).toBeLessThanOrEqual(2);
    expect(after - before).toBeLessThan(20);
  });
});
