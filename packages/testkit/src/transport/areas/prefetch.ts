import assert from 'node:assert/strict';
import type { Suite } from '../suite.js';

/** How much a consumer may hold. */
export function prefetch(suite: Suite): void {
  suite.area('prefetch', () => {
    suite.test('no more is held than the prefetch allows', async (scene) => {
      const transport = await scene.open();
      const queue = await scene.queue(transport);
      await scene.send(
        transport,
        queue,
        Array.from({ length: 10 }, (_, i) => String(i)),
      );
      const collector = await scene.collect(transport, queue, { prefetch: 3 }, () => {});
      const { consumer, deliveries } = collector;
      await scene.received(collector, 3);
      await scene.settle(collector);
      assert.equal(deliveries.length, 3);
      assert.equal(consumer.unacked, 3);
      deliveries[0]?.ack();
      await scene.received(collector, 4);
      await scene.settle(collector);
      assert.equal(deliveries.length, 4);
      deliveries[1]?.reject();
      deliveries[2]?.reject({ requeue: true });
      await scene.received(collector, 6);
      await scene.settle(collector);
      assert.equal(deliveries.length, 6);
      assert.equal(consumer.unacked, 3);
      assert.equal(collector.mostHeld, 3);
      await scene.size(transport, queue, 5);
    });

    suite.test('a prefetch of 0 is unlimited', async (scene) => {
      const transport = await scene.open();
      const queue = await scene.queue(transport);
      await scene.send(
        transport,
        queue,
        Array.from({ length: 300 }, (_, i) => String(i)),
      );
      const collector = await scene.collect(transport, queue, { prefetch: 0 }, () => {});
      await scene.received(collector, 300);
      assert.equal(collector.consumer.unacked, 300);
    });

    suite.test('each consumer of a transport has a prefetch of its own', async (scene) => {
      const transport = await scene.open();
      const queue = await scene.queue(transport);
      await scene.send(
        transport,
        queue,
        Array.from({ length: 10 }, (_, i) => String(i)),
      );
      const two = await scene.collect(transport, queue, { prefetch: 2 }, () => {});
      const three = await scene.collect(transport, queue, { prefetch: 3 }, () => {});
      await scene.received(two, 2);
      await scene.received(three, 3);
      await scene.settle(two);
      await scene.settle(three);
      assert.deepEqual([two.deliveries.length, three.deliveries.length], [2, 3]);
    });

    suite.test(
      'a higher prefetch brings more at once, a lower one takes nothing back',
      async (scene) => {
        const transport = await scene.open();
        const queue = await scene.queue(transport);
        await scene.send(
          transport,
          queue,
          Array.from({ length: 20 }, (_, i) => String(i)),
        );
        const collector = await scene.collect(transport, queue, { prefetch: 2 }, () => {});
        const { consumer, deliveries } = collector;
        await scene.received(collector, 2);
        await scene.within(consumer.setPrefetch(6), 'the prefetch is raised');
        assert.equal(consumer.prefetch, 6);
        await scene.received(collector, 6);
        await scene.settle(collector);
        assert.equal(deliveries.length, 6);
        await scene.within(consumer.setPrefetch(2), 'the prefetch is lowered');
        for (const delivery of deliveries.slice(0, 4)) delivery.ack();
        await scene.within(transport.flush(), 'the acks are sent');
        await scene.settle(collector);
        assert.equal(deliveries.length, 6);
        deliveries[4]?.ack();
        await scene.received(collector, 7);
        await scene.settle(collector);
        assert.equal(deliveries.length, 7);
      },
      suite.lacks('livePrefetch'),
    );
  });
}
