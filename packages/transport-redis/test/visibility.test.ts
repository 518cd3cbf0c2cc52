import { randomUUID } from 'node:crypto';
import { requireServer } from '@pool/servers/vitest';
import { next, until } from '@pool/servers/waiting';
import { describe, expect, test } from 'vitest';
import { ConsumerProcess } from './support/child.js';
import { LossyNetwork } from './support/lossy-network.js';
import { commandCalls, connect, elapse, gather, send } from './support/scene.js';

const redis = await requireServer('redis');

describe('visibility', () => {
  test('what is held longer than the timeout stays held while its worker lives', async () => {
    const options = {
      globalKeyPrefix: `${randomUUID()}:`,
      visibilityTimeout: 1,
      goneAfter: 1,
      unackedRestoreInterval: 0.1,
    };
    const transport = await connect(redis.url, options);
    const peer = await connect(redis.url, options);
    const held = await gather(transport, 'q', { each: () => {} });
    await send(transport, 'q', ['long']);
    await held.count(1);
    await held.consumer.cancel();
    const { texts } = await gather(peer, 'q');
    await elapse(2.5);
    expect(texts).toEqual([]);
    held.deliveries[0]?.ack();
    await transport.flush();
    expect(transport.stats).toMatchObject({ acked: 1, stale: 0, restored: 0 });
    expect(peer.stats.restored).toBe(0);
  });

  test('what anybody held and does not renew comes back after the timeout, marked', async () => {
    const globalKeyPrefix = `${randomUUID()}:`;
    // A Python worker that died: an entry, and no holder.
    const envelope = '{"body": "hi", "headers": {}, "properties": {"delivery_tag": "t", "priority": 3}}';
    await redis.command('HSET', `${globalKeyPrefix}unacked`, 't', `[${envelope}, "celery", "celery"]`);
    await redis.command('ZADD', `${globalKeyPrefix}unacked_index`, String(Date.now() / 1000 - 5), 't');
    await redis.command('SADD', `${globalKeyPrefix}_kombu.binding.celery`, 'celery\x06\x16\x06\x16tasks');
    const peer = await connect(redis.url, {
      globalKeyPrefix,
      visibilityTimeout: 4,
      unackedRestoreInterval: 0.1,
    });
    const { count, deliveries } = await gather(peer, 'tasks');
    await count(1);
    expect(deliveries[0]).toMatchObject({ redelivered: true, deliveryCount: 1 });
    await until(() => peer.stats.restored === 1, 'it is counted');
  });

  test('a dead one among restorers keeps nobody from restoring', async () => {
    const globalKeyPrefix = `${randomUUID()}:`;
    const options = { globalKeyPrefix, goneAfter: 0.5, unackedRestoreInterval: 0.1 };
    const dead = new ConsumerProcess({ url: redis.url, queue: 'q', options, prefetch: 5, play: 'hold' });
    const peer = await connect(redis.url, options);
    await send(peer, 'q', ['1', '2', '3']);
    await dead.told(3);
    await redis.command('SET', `${globalKeyPrefix}unacked_mutex`, 'of one that died while it restored');
    await dead.kill();
    const { count, deliveries, texts } = await gather(peer, 'q');
    await count(3);
    expect(texts.sort()).toEqual(['1', '2', '3']);
    expect(deliveries.every(({ redelivered }) => redelivered)).toBe(true);
  });

  test.each(['stopped', 'blocked'] as const)(
    'a peer that is %s keeps what it holds as long as it is connected',
    async (how) => {
      const globalKeyPrefix = `${randomUUID()}:`;
      const options = { globalKeyPrefix, goneAfter: 0.5, unackedRestoreInterval: 0.1 };
      const play = how === 'blocked' ? 'block' : 'hold';
      const peer = new ConsumerProcess({ url: redis.url, queue: 'q', options, prefetch: 5, play });
      const transport = await connect(redis.url, options);
      await send(transport, 'q', ['mine']);
      await peer.told(1);
      if (how === 'stopped') peer.child.kill('SIGSTOP');
      const { texts, count } = await gather(transport, 'q');
      await elapse(0.6);
      await redis.command('CONFIG', 'RESETSTAT');
      await until(
        async () => ((await commandCalls(redis))['client|list'] ?? 0) >= 3,
        'we look who is connected, three times',
      );
      expect(texts).toEqual([]);
      await peer.kill();
      await count(1);
      expect(texts).toEqual(['mine']);
    },
  );

  test('a message whose answer got lost on the way comes again', async () => {
    const network = await LossyNetwork.start(redis.port);
    const globalKeyPrefix = `${randomUUID()}:`;
    const transport = await connect(network.url, { globalKeyPrefix, unackedRestoreInterval: 0.1 });
    const { consumer, texts, count } = await gather(transport, 'q');
    await consumer.proveConsumption();
    const lost = next(transport, 'disconnected');
    network.deafAfter = '"q"';
    const sender = await connect(redis.url, { globalKeyPrefix });
    await send(sender, 'q', ['1', '2']);
    await until(
      async () => (await redis.command('HLEN', `${globalKeyPrefix}unacked`)) !== '0',
      'it is taken',
    );
    network.cut();
    await lost;
    await count(2);
    expect(texts.sort()).toEqual(['1', '2']);
    await transport.flush();
    expect(await redis.command('EXISTS', `${globalKeyPrefix}unacked`)).toBe('0');
  });

  test('an ack that was done when the connection broke is no late one; one that came too late says so', async () => {
    const network = await LossyNetwork.start(redis.port);
    const globalKeyPrefix = `${randomUUID()}:`;
    const transport = await connect(network.url, { globalKeyPrefix });
    const held = await gather(transport, 'q', { prefetch: 2, each: () => {} });
    await send(transport, 'q', ['1', '2']);
    await held.count(2);
    await held.consumer.cancel();
    const [first, second] = held.deliveries;
    const back = next(transport, 'connected');
    network.deaf = true;
    first?.ack();
    await until(async () => (await redis.command('HLEN', `${globalKeyPrefix}unacked`)) === '1', 'it is done');
    network.cut();
    await back;
    await transport.flush();
    expect(transport.stats).toMatchObject({ acked: 1, stale: 0 });
    // Somebody takes us for gone and restores the other.
    const again = next(transport, 'connected');
    const late = new Promise((resolve) => transport.once('staleSettlement', resolve));
    await redis.command('ZREM', `${globalKeyPrefix}unacked_index`, String(second?.tag));
    await redis.command('HDEL', `${globalKeyPrefix}unacked`, String(second?.tag));
    await redis.command('DEL', `${globalKeyPrefix}_pool.holders`);
    network.cut();
    second?.ack();
    await again;
    expect(await late).toBe(second);
    expect(transport.stats).toMatchObject({ acked: 1, stale: 1 });
  });
});
