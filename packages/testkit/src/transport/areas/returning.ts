import assert from 'node:assert/strict';
import type { Suite } from '../suite.js';

/** What a consumer leaves behind. */
export function returning(suite: Suite): void {
  suite.area('returning', () => {
    suite.test('what is held when the transport closes goes back, marked', async (scene) => {
      const transport = await scene.open();
      const queue = await scene.queue(transport);
      await scene.send(transport, queue, ['a', 'b', 'c', 'd']);
      const collector = await scene.collect(transport, queue, { prefetch: 3 }, () => {});
      await scene.received(collector, 3);
      collector.deliveries[0]?.ack();
      await scene.received(collector, 4);
      await scene.within(transport.close(), 'the transport closes');
      const other = await scene.open();
      const rest = await scene.collect(other, queue);
      await scene.received(rest, 3);
      await scene.settle(rest);
      const acked = collector.texts[0];
      assert.deepEqual(
        rest.texts.sort(),
        ['a', 'b', 'c', 'd'].filter((text) => text !== acked),
      );
      assert.ok(rest.deliveries.every(({ redelivered }) => redelivered));
    });

    suite.test('what is held when a consumer is cancelled stays held, and can be acked', async (scene) => {
      const [transport, other] = [await scene.open(), await scene.open()];
      const queue = await scene.queue(transport);
      await scene.send(transport, queue, ['a', 'b']);
      const collector = await scene.collect(transport, queue, { prefetch: 2 }, () => {});
      await scene.received(collector, 2);
      const { consumer } = collector;
      await scene.within(Promise.all([consumer.cancel(), consumer.cancel()]), 'the consumer ends');
      await scene.within(consumer.cancel(), 'cancel() of a cancelled consumer resolves');
      assert.equal(consumer.cancelled, true);
      assert.equal(transport.consumers.size, 0);
      await scene.send(other, queue, ['c']);
      const rest = await scene.collect(other, queue);
      await scene.received(rest, 1);
      await scene.settle(rest);
      assert.deepEqual(rest.texts, ['c']);
      assert.equal(collector.deliveries.length, 2);
      for (const delivery of collector.deliveries) delivery.ack();
      await scene.within(transport.close(), 'the transport closes');
      await scene.settle(rest);
      assert.deepEqual(rest.texts, ['c']);
      assert.equal(transport.stats.stale, 0);
    });

    suite.test('what a cancelled consumer held goes back when its transport closes', async (scene) => {
      const [transport, other] = [await scene.open(), await scene.open()];
      const queue = await scene.queue(transport);
      await scene.send(transport, queue, ['a']);
      const collector = await scene.collect(transport, queue, {}, () => {});
      await scene.received(collector, 1);
      await scene.within(collector.consumer.cancel(), 'the consumer ends');
      const rest = await scene.collect(other, queue);
      await scene.settle(rest);
      assert.equal(rest.deliveries.length, 0);
      await scene.within(transport.close(), 'the transport closes');
      await scene.received(rest, 1);
      assert.equal(rest.deliveries[0]?.redelivered, true);
    });
  });
}
