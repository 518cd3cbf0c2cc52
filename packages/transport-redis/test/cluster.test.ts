import { startRedisCluster } from '@pool/servers';
import { requireServer } from '@pool/servers/vitest';
import { createTransport } from '@pool/transport-redis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { connect, gather, next, send, until } from './support/scene.js';

await requireServer('redis');

describe('Cluster', () => {
  test('keeps to one slot, and goes on when its node is back', async () => {
    const cluster = await startRedisCluster();
    onTestFinished(() => cluster.stop());
    expect(() => createTransport(cluster.urls, { cluster: true })).toThrow(/hash tag/);
    const options = { cluster: true, globalKeyPrefix: '{celery}:' };
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
    const [first] = cluster.nodes;
    const slot = await first?.command('CLUSTER', 'KEYSLOT', '{celery}');
    const counts = await Promise.all(
      cluster.nodes.map((node) => node.command('CLUSTER', 'COUNTKEYSINSLOT', String(slot))),
    );
    const owner = cluster.nodes[counts.findIndex((keys) => keys !== '0')];
    const lost = next(transport, 'disconnected');
    await owner?.kill();
    await lost;
    for (const delivery of deliveries) delivery.ack();
    await owner?.restart();
    await until(() => transport.state === 'connected', 'it is back');
    await send(transport, 'q', ['again']);
    await count(5);
    await transport.flush();
  });
});
