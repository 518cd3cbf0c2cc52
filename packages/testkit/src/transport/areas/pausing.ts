import assert from 'node:assert/strict';
import type { Suite } from '../suite.js';

/** Consumers that stop for a while. */
export function pausing(suite: Suite): void {
  suite.area('pausing', () => {
    suite.test('a paused consumer is given nothing, and goes on when resumed', async (scene) => {
      const transport = await scene.open();
      const queue = await scene.queue(transport);
      const collector = await scene.collect(transport, queue);
      const { consumer } = collector;
      await scene.settle(collector);
      consumer.pause();
      consumer.pause();
      assert.equal(consumer.paused, true);
      await scene.send(transport, queue, ['a', 'b']);
      await scene.settle(collector);
      assert.deepEqual(collector.texts, []);
      consumer.resume();
      assert.equal(consumer.paused, false);
      await scene.received(collector, 2);
      assert.deepEqual(collector.texts.sort(), ['a', 'b']);
    });

    suite.test('what a paused consumer is not given comes to others', async (scene) => {
      const [paused, other] = [await scene.open(), await scene.open()];
      const queue = await scene.queue(paused);
      const texts = Array.from({ length: 50 }, (_, i) => String(i));
      const collector = await scene.collect(paused, queue, { prefetch: 5 });
      await scene.send(paused, queue, texts);
      await scene.received(collector, 5);
      collector.consumer.pause();
      const seen = collector.deliveries.length;
      const rest = await scene.collect(other, queue);
      await scene.received(rest, texts.length - seen);
      await scene.settle(rest);
      assert.equal(collector.deliveries.length, seen);
      assert.deepEqual([...collector.texts, ...rest.texts].sort(), [...texts].sort());
    });

    suite.test('pausing at any moment loses nothing and gives nothing twice', async (scene) => {
      const [worker, producer] = [await scene.open(), await scene.open()];
      const queue = await scene.queue(worker);
      const collector = await scene.collect(worker, queue, { prefetch: 3 });
      const { consumer } = collector;
      const texts = Array.from({ length: 200 }, (_, i) => String(i));
      for (let i = 0; i < texts.length; i += 5) {
        consumer.resume();
        await scene.send(producer, queue, texts.slice(i, i + 5));
        await scene.elapse((i % 7) / 1000);
        consumer.pause();
        const seen = collector.deliveries.length;
        await scene.elapse((i % 3) / 1000);
        assert.equal(collector.deliveries.length, seen, 'nothing is given during a pause');
      }
      consumer.resume();
      await scene.received(collector, texts.length);
      await scene.settle(collector);
      assert.deepEqual(collector.texts.sort(), [...texts].sort());
    });

    suite.test('a consumer that pauses while it is given messages gets no more', async (scene) => {
      const transport = await scene.open();
      const queue = await scene.queue(transport);
      await scene.send(
        transport,
        queue,
        Array.from({ length: 30 }, (_, i) => String(i)),
      );
      const collector = await scene.collect(transport, queue, { prefetch: 3 }, (delivery) => {
        delivery.ack();
        collector.consumer.pause();
      });
      await scene.received(collector, 1);
      const seen = collector.deliveries.length;
      await scene.settle(collector);
      assert.equal(collector.deliveries.length, seen);
      collector.each = (delivery) => delivery.ack();
      collector.consumer.resume();
      await scene.received(collector, 30);
      await scene.settle(collector);
      assert.equal(new Set(collector.texts).size, 30);
      assert.equal(collector.deliveries.length, 30);
    });
  });
}
