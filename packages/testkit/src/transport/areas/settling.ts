import assert from 'node:assert/strict';
import { StaleDeliveryError } from '@pool/transport';
import type { Suite } from '../suite.js';

/** Ack, reject, requeue. */
export function settling(suite: Suite): void {
  suite.area('settling', () => {
    suite.test('what was acked is gone', async (scene) => {
      const transport = await scene.open();
      const queue = await scene.queue(transport);
      await scene.send(transport, queue, ['a', 'b']);
      const collector = await scene.collect(transport, queue);
      await scene.received(collector, 2);
      assert.ok(collector.deliveries.every(({ settled }) => settled === 'acked'));
      await scene.within(transport.close(), 'the transport closes');
      const other = await scene.open();
      await scene.size(other, queue, 0);
    });

    suite.test('flush() waits until the broker knows', async (scene) => {
      const [transport, other] = [await scene.open(), await scene.open()];
      const queue = await scene.queue(transport);
      await scene.send(transport, queue, ['a', 'b', 'c']);
      const collector = await scene.collect(transport, queue, {}, () => {});
      await scene.received(collector, 3);
      collector.deliveries[0]?.ack();
      collector.deliveries[1]?.reject();
      await scene.within(collector.consumer.cancel(), 'the consumer ends');
      collector.deliveries[2]?.reject({ requeue: true });
      await scene.within(transport.flush(), 'the settlements are sent');
      await scene.size(other, queue, 1);
      assert.equal(transport.stats.acked, 1);
      assert.equal(transport.stats.rejected, 1);
      assert.equal(transport.stats.requeued, 1);
    });

    suite.test('what was rejected does not come again', async (scene) => {
      const transport = await scene.open();
      const queue = await scene.queue(transport);
      await scene.send(transport, queue, ['a']);
      const collector = await scene.collect(transport, queue, {}, (delivery) => delivery.reject());
      await scene.received(collector, 1);
      assert.equal(collector.deliveries[0]?.settled, 'rejected');
      await scene.within(transport.flush(), 'the rejection is sent');
      await scene.settle(collector);
      assert.equal(collector.deliveries.length, 1);
      await scene.size(transport, queue, 0);
    });

    suite.test('what was requeued comes again, marked', async (scene) => {
      const transport = await scene.open();
      const queue = await scene.queue(transport);
      await scene.send(transport, queue, ['a']);
      let times = 0;
      const collector = await scene.collect(transport, queue, {}, (delivery) => {
        times += 1;
        if (times < 3) delivery.reject({ requeue: true });
        else delivery.ack();
      });
      await scene.received(collector, 3);
      assert.deepEqual(collector.texts, ['a', 'a', 'a']);
      assert.deepEqual(
        collector.deliveries.map(({ redelivered }) => redelivered),
        [false, true, true],
      );
      if (suite.capabilities.deliveryCount) {
        assert.deepEqual(
          collector.deliveries.map(({ deliveryCount }) => deliveryCount),
          [0, 1, 2],
        );
      }
      await scene.within(transport.flush(), 'the ack is sent');
      await scene.settle(collector);
      assert.equal(collector.deliveries.length, 3);
    });

    suite.test('a delivery is settled once', async (scene) => {
      const transport = await scene.open();
      const queue = await scene.queue(transport);
      await scene.send(transport, queue, ['a']);
      const collector = await scene.collect(transport, queue, {}, (delivery) => {
        delivery.ack();
        delivery.ack();
        delivery.reject({ requeue: true });
      });
      await scene.received(collector, 1);
      assert.equal(collector.deliveries[0]?.settled, 'acked');
      await scene.within(transport.flush(), 'the ack is sent');
      await scene.settle(collector);
      assert.equal(collector.deliveries.length, 1);
      assert.equal(collector.consumer.unacked, 0);
      assert.deepEqual([transport.stats.acked, transport.stats.requeued], [1, 0]);
    });

    suite.test('an ack after the transport was closed does nothing, and is told', async (scene) => {
      const transport = await scene.open();
      const queue = await scene.queue(transport);
      await scene.send(transport, queue, ['a']);
      const collector = await scene.collect(transport, queue, {}, () => {});
      await scene.received(collector, 1);
      await scene.within(transport.close(), 'the transport closes');
      const told: unknown[] = [];
      transport.on('staleSettlement', (delivery, error) => told.push(delivery, error));
      const [delivery] = collector.deliveries;
      delivery?.ack();
      assert.equal(delivery?.settled, 'stale');
      assert.equal(transport.stats.stale, 1);
      assert.equal(told[0], delivery);
      assert.ok(told[1] instanceof StaleDeliveryError);
      const other = await scene.open();
      const again = await scene.collect(other, queue);
      await scene.received(again, 1);
      assert.equal(again.deliveries[0]?.redelivered, true);
    });
  });
}
