import assert from 'node:assert/strict';
import { NotDeclaredError, UnroutableError } from '@pool/transport';
import type { Suite } from '../suite.js';

/** Exchanges and bindings. */
export function routing(suite: Suite): void {
  suite.area('routing', () => {
    suite.test('a direct exchange goes by the routing key', async (scene) => {
      const transport = await scene.open();
      const exchange = await scene.exchange(transport, 'direct');
      const [red, blue] = [await scene.queue(transport), await scene.queue(transport)];
      await transport.bindQueue({ exchange, queue: red, routingKey: 'red' });
      await transport.bindQueue({ exchange, queue: red, routingKey: 'red' });
      await transport.bindQueue({ exchange, queue: blue, routingKey: 'blue' });
      await transport.bindQueue({ exchange, queue: blue, routingKey: 'any' });
      await transport.bindQueue({ exchange, queue: red, routingKey: 'any' });
      await scene.send(transport, 'red', ['1'], { exchange });
      await scene.send(transport, 'blue', ['2'], { exchange });
      await scene.send(transport, 'any', ['3'], { exchange });
      await scene.send(transport, 'green', ['4'], { exchange });
      const collectors = [await scene.collect(transport, red), await scene.collect(transport, blue)] as const;
      await scene.received(collectors[0], 2);
      await scene.received(collectors[1], 2);
      for (const collector of collectors) await scene.settle(collector);
      assert.deepEqual(collectors[0].texts.sort(), ['1', '3']);
      assert.deepEqual(collectors[1].texts.sort(), ['2', '3']);
      const [first] = collectors[0].deliveries.filter(({ routingKey }) => routingKey === 'red');
      assert.deepEqual([first?.exchange, first?.queue], [exchange, red]);
    });

    suite.test(
      'another transport sees the bindings, and a declaration is enough to publish',
      async (scene) => {
        const [worker, producer] = [await scene.open(), await scene.open()];
        const exchange = await scene.exchange(worker, 'direct');
        const queue = await scene.queue(worker);
        await worker.bindQueue({ exchange, queue, routingKey: 'key' });
        await producer.declareExchange({ name: exchange, type: 'direct' });
        await scene.send(producer, 'key', ['a'], { exchange });
        const collector = await scene.collect(worker, queue);
        await scene.received(collector, 1);
      },
    );

    suite.test('unbindQueue() ends a route', async (scene) => {
      const transport = await scene.open();
      const exchange = await scene.exchange(transport, 'direct');
      const [queue, other] = [await scene.queue(transport), await scene.queue(transport)];
      for (const name of [queue, other])
        await transport.bindQueue({ exchange, queue: name, routingKey: 'key' });
      await transport.unbindQueue({ exchange, queue, routingKey: 'key' });
      await scene.send(transport, 'key', ['a'], { exchange });
      await scene.size(transport, other, 1);
      await scene.size(transport, queue, 0);
    });

    suite.test('a deleted queue is bound to nothing', async (scene) => {
      const transport = await scene.open();
      const exchange = await scene.exchange(transport, 'direct');
      const queue = await scene.queue(transport);
      await transport.bindQueue({ exchange, queue, routingKey: 'key' });
      await transport.deleteQueue(queue);
      await transport.declareQueue({ name: queue });
      const publish = transport.publish(scene.message('a'), { exchange, routingKey: 'key', mandatory: true });
      await assert.rejects(publish, UnroutableError);
    });

    suite.test('a mandatory message that matches nothing is refused, alone', async (scene) => {
      const transport = await scene.open();
      const exchange = await scene.exchange(transport, 'direct');
      const queue = await scene.queue(transport);
      await transport.bindQueue({ exchange, queue, routingKey: 'key' });
      const outcomes = await scene.within(
        Promise.allSettled([
          transport.publish(scene.message('routed'), { exchange, routingKey: 'key', mandatory: true }),
          transport.publish(scene.message('lost'), { exchange, routingKey: 'other', mandatory: true }),
          transport.publish(scene.message('dropped'), { exchange, routingKey: 'other' }),
          transport.publish(scene.message('direct'), { routingKey: queue }),
        ]),
        'the publishes end',
      );
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        ['fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
      );
      assert.ok((outcomes[1] as PromiseRejectedResult).reason instanceof UnroutableError);
      assert.equal(transport.stats.published, 3);
      assert.equal(transport.stats.unroutable, 2);
      const collector = await scene.collect(transport, queue);
      await scene.received(collector, 2);
      await scene.settle(collector);
      assert.deepEqual(collector.texts.sort(), ['direct', 'routed']);
    });

    suite.test('publishing to an exchange that nobody declared is refused', async (scene) => {
      const transport = await scene.open();
      const publish = transport.publish(scene.message('a'), {
        exchange: scene.name('none'),
        routingKey: 'key',
      });
      await assert.rejects(scene.within(publish, 'the publish ends'), NotDeclaredError);
      const queue = await scene.queue(transport);
      await scene.send(transport, queue, ['b']);
    });
  });
}
