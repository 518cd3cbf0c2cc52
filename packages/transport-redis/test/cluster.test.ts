import { readFileSync } from 'node:fs';
import { type RedisCluster, type RedisServer, startRedisCluster } from '@pool/servers';
import { requireServer } from '@pool/servers/vitest';
import { next, rejection, until } from '@pool/servers/waiting';
import { createTransport } from '@pool/transport-redis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ConsumerProcess } from './support/child.js';
import { commandCalls, connect, create, elapse, gather, send } from './support/scene.js';

await requireServer('redis');
const globalKeyPrefix = '{celery}:';
/** With characters that URLs encode. */
const SECRET = 'pass/w:rd@5%';

async function ownCluster(options: Parameters<typeof startRedisCluster>[0] = {}): Promise<RedisCluster> {
  const cluster = await startRedisCluster(options);
  onTestFinished(() => cluster.stop());
  return cluster;
}

/** The node that has the keys of these tests, and others. */
async function ownerOf({ nodes }: RedisCluster): Promise<[owner: RedisServer, ...others: RedisServer[]]> {
  const counts = await Promise.all(nodes.map((node) => node.command('DBSIZE')));
  const owner = nodes[counts.findIndex((count) => count !== '0')] as RedisServer;
  return [owner, ...nodes.filter((node) => node !== owner)];
}

describe('Cluster', () => {
  test('keeps to one slot, and goes on when its node is back', async () => {
    const cluster = await ownCluster();
    expect(() => createTransport(cluster.urls, { cluster: true })).toThrow(/hash tag/);
    const options = { cluster: true, globalKeyPrefix };
    const transport = await connect(cluster.urls.join(';'), options);
    await transport.declareExchange({ name: 'all', type: 'fanout' });
    await transport.declareQueue({ name: 'ears' });
    await transport.bindQueue({ exchange: 'all', queue: 'ears', routingKey: '' });
    const { count, deliveries, texts } = await gather(transport, ['q', 'ears'], { each: () => {} });
    await send(transport, 'q', ['urgent', 'running']);
    await send(transport, 'q', ['late'], { priority: 9 });
    await send(transport, '', ['broadcast'], { exchange: 'all' });
    await count(4);
    expect(texts.sort()).toEqual(['broadcast', 'late', 'running', 'urgent']);
    const [owner] = await ownerOf(cluster);
    const lost = next(transport, 'disconnected');
    await owner.kill();
    await lost;
    for (const delivery of deliveries) delivery.ack();
    await owner.restart();
    await until(() => transport.state === 'connected', 'it is back');
    await send(transport, 'q', ['again']);
    await count(5);
    await transport.flush();
  });

  test('an idle consumer asks nothing, and is woken by what anybody pushes; the dead are missed at once', async () => {
    const cluster = await ownCluster();
    const patient = { pollInterval: 3600, healthCheckInterval: 3600 };
    const options = { cluster: true, globalKeyPrefix, goneAfter: 0.5, unackedRestoreInterval: 0.2 };
    const transport = await connect(cluster.urls.join(';'), { ...options, ...patient });
    const { consumer, count, texts } = await gather(transport, 'q');
    await consumer.proveConsumption();
    const [owner, other] = await ownerOf(cluster);
    await until(async () => ((await commandCalls(owner))['client|caching'] ?? 0) > 0, 'it is armed');
    await owner.command('CONFIG', 'RESETSTAT');
    await elapse(1);
    const calls = await commandCalls(owner);
    expect([calls['rpop'] ?? 0, calls['llen'] ?? 0]).toEqual([0, 0]);
    const pushed = '{"body": "aGk=", "properties": {"body_encoding": "base64"}, "headers": {}}';
    await owner.command('LPUSH', `${globalKeyPrefix}q`, pushed);
    await count(1);
    // Any node will do to begin with.
    const url = other?.url ?? '';
    const victim = new ConsumerProcess({ url, queue: 'hold', options, prefetch: 1, play: 'hold' });
    await send(transport, 'hold', ['held']);
    await victim.told(1);
    await victim.kill();
    await consumer.addQueue('hold');
    await count(2);
    expect(texts).toEqual(['hi', 'held']);
  });

  test('the keys are followed to the node that takes them over', async () => {
    const cluster = await ownCluster();
    const transport = await connect(cluster.urls.join(';'), { cluster: true, globalKeyPrefix });
    const { count, texts } = await gather(transport, 'q');
    await send(transport, 'q', ['before']);
    await count(1);
    await transport.flush();
    const [owner, heir] = (await ownerOf(cluster)) as [RedisServer, RedisServer];
    const slot = await owner.command('CLUSTER', 'KEYSLOT', globalKeyPrefix);
    const [from, to] = await Promise.all([owner, heir].map((node) => node.command('CLUSTER', 'MYID')));
    const lost = next(transport, 'disconnected');
    await heir.command('CLUSTER', 'SETSLOT', slot, 'IMPORTING', String(from));
    await owner.command('CLUSTER', 'SETSLOT', slot, 'MIGRATING', String(to));
    for (;;) {
      const keys = (await owner.command('CLUSTER', 'GETKEYSINSLOT', slot, '100')).split('\n').filter(Boolean);
      if (keys.length === 0) break;
      await owner.command(
        'MIGRATE',
        heir.host,
        String(heir.port),
        '',
        '0',
        '5000',
        'REPLACE',
        'KEYS',
        ...keys,
      );
    }
    for (const node of [heir, owner]) await node.command('CLUSTER', 'SETSLOT', slot, 'NODE', String(to));
    await lost;
    await until(() => transport.state === 'connected', 'it is back');
    await send(transport, 'q', ['after']);
    await count(2);
    expect(texts).toEqual(['before', 'after']);
    expect(await heir.command('EXISTS', `${globalKeyPrefix}_pool.holders`)).toBe('1');
  });

  test('TLS and a user with few rights go with it, and what is wrong is named', async () => {
    const rules = `~${globalKeyPrefix}* &* +@read +@write +@scripting +@transaction +@pubsub +@connection`;
    const cluster = await ownCluster({ tls: true, users: [{ name: 'alice', password: SECRET, rules }] });
    const urls = (password: string) => cluster.nodes.map((node) => node.urlFor('alice', password)).join(';');
    const tls = { ca: readFileSync(cluster.nodes[0]?.tls?.ca ?? '') };
    const options = { cluster: true, globalKeyPrefix };
    const transport = await connect(urls(SECRET), { ...options, tls, pollInterval: 3600 });
    const { count, consumer } = await gather(transport, 'q');
    await consumer.proveConsumption();
    await send(transport, 'q', ['secret']);
    await count(1);
    await transport.flush();
    const untrusted = await rejection(create(urls(SECRET), options).connect());
    expect(untrusted.message).toMatch(/self-signed certificate; trust the issuer/);
    const stranger = await rejection(create(urls('wrong'), { ...options, tls }).connect());
    expect(stranger.message).toMatch(/WRONGPASS/);
    for (const error of [untrusted, stranger])
      expect(error).toMatchObject({ code: 'ERR_POOL_BROKER_REFUSED' });
    expect(stranger.message).not.toContain(encodeURIComponent(SECRET));
  });
});
