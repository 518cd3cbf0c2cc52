import assert from 'node:assert/strict';
import { ConsumerStalledError } from '@pool/transport';
import type { Suite } from '../suite.js';

/** Taking messages, alone and with others. */
export function consuming(suite: Suite): void {
  suite.area('consuming', () => {
    suite.test('two consumers of two transports never get the same message', async (scene) => {
      const [one, two] = [await scene.open(), await scene.open()];
      const queue = await scene.queue(one);
      const texts = Array.from({ length: 600 }, (_, i) => String(i));
      const collectors = [
        await scene.collect(one, queue, { prefetch: 5 }),
        await scene.collect(two, queue, { prefetch: 5 }),
      ];
      for (let i = 0; i < texts.length; i += 100) await scene.send(one, queue, texts.slice(i, i + 100));
      const count = (): number => collectors.reduce((sum, { deliveries }) => sum + deliveries.length, 0);
      await scene.until(() => count() >= texts.length, 'all messages come');
      for (const collector of collectors) await scene.settle(collector);
      const came = collectors.flatMap((collector) => collector.texts);
      assert.deepEqual(came.sort(), [...texts].sort());
      await scene.within(Promise.all([one.flush(), two.flush()]), 'the acks are sent');
      await scene.size(one, queue, 0);
    });

    suite.test('nothing is given before consume() has resolved', async (scene) => {
      const transport = await scene.open();
      const queue = await scene.queue(transport);
      await scene.send(transport, queue, ['a', 'b', 'c']);
      const collector = await scene.collect(transport, queue);
      await scene.received(collector, 3);
      assert.equal(collector.early, false);
    });

    suite.test('batches are never empty and never larger than the free prefetch', async (scene) => {
      const transport = await scene.open();
      const queue = await scene.queue(transport);
      await scene.send(
        transport,
        queue,
        Array.from({ length: 100 }, (_, i) => String(i)),
      );
      const collector = await scene.collect(transport, queue, { prefetch: 4 });
      await scene.received(collector, 100);
      assert.ok(
        collector.batches.every((size) => size >= 1 && size <= 4),
        `batches of ${collector.batches}`,
      );
    });

    suite.test('an idle consumer gets a message when it comes', async (scene) => {
      const [producer, worker] = [await scene.open(), await scene.open()];
      const queue = await scene.queue(producer);
      const collector = await scene.collect(worker, queue);
      for (let i = 1; i <= 5; i++) {
        await scene.settle(collector);
        await scene.send(producer, queue, [String(i)]);
        await scene.received(collector, i);
      }
      assert.deepEqual(collector.texts, ['1', '2', '3', '4', '5']);
    });

    suite.test('a consumer of two queues serves both in turns', async (scene) => {
      const transport = await scene.open();
      const [full, short] = [await scene.queue(transport), await scene.queue(transport)];
      await scene.send(
        transport,
        full,
        Array.from({ length: 300 }, () => 'full'),
      );
      await scene.send(transport, short, ['short']);
      const collector = await scene.collect(transport, [full, short], { prefetch: 5 });
      await scene.received(collector, 301);
      const place = collector.texts.indexOf('short');
      assert.ok(place >= 0 && place < 100, `the short queue is served as number ${place}`);
    });

    suite.test('addQueue() and cancelQueue() change what is taken', async (scene) => {
      const transport = await scene.open();
      const [first, second] = [await scene.queue(transport), await scene.queue(transport)];
      const collector = await scene.collect(transport, first);
      const { consumer } = collector;
      await scene.within(consumer.addQueue(second), 'the queue is added');
      await scene.within(consumer.addQueue(second), 'the queue is added again');
      assert.deepEqual([...consumer.queues].sort(), [first, second].sort());
      await scene.send(transport, second, ['added']);
      await scene.received(collector, 1);
      await scene.within(consumer.cancelQueue(first), 'the queue is cancelled');
      assert.deepEqual(consumer.queues, [second]);
      await scene.send(transport, first, ['unheard']);
      await scene.settle(collector);
      await scene.send(transport, second, ['heard']);
      await scene.received(collector, 2);
      await scene.settle(collector);
      assert.deepEqual(collector.texts, ['added', 'heard']);
      await scene.size(transport, first, 1);
    });

    suite.test('with noAck a message is forgotten in being given', async (scene) => {
      const transport = await scene.open();
      const queue = await scene.queue(transport);
      await scene.send(transport, queue, ['a', 'b', 'c']);
      const collector = await scene.collect(transport, queue, { noAck: true, prefetch: 1 }, () => {});
      await scene.received(collector, 3);
      assert.ok(collector.deliveries.every(({ settled, noAck }) => noAck && settled === 'acked'));
      await scene.within(transport.close(), 'the transport closes');
      const other = await scene.open();
      assert.equal(await other.queueSize(queue), 0);
    });

    suite.test('a consumer proves that it consumes, also when it is full or paused', async (scene) => {
      const transport = await scene.open();
      const queue = await scene.queue(transport);
      const collector = await scene.collect(transport, queue, { prefetch: 1 }, () => {});
      const { consumer } = collector;
      const before = performance.now();
      await scene.within(consumer.proveConsumption(), 'the idle consumer proves itself');
      assert.ok(consumer.lastPollAt > 0 && consumer.lastPollAt <= performance.now());
      assert.ok(consumer.lastPollAt >= before, 'the broker has answered since it was asked');
      await scene.send(transport, queue, ['a']);
      await scene.received(collector, 1);
      const full = performance.now();
      await scene.within(consumer.proveConsumption(), 'the full consumer proves itself');
      assert.ok(consumer.lastPollAt >= full, 'the broker has answered the full consumer');
      consumer.pause();
      await scene.within(consumer.proveConsumption(), 'the paused consumer proves itself');
      await scene.within(consumer.cancel(), 'the consumer ends');
      await assert.rejects(consumer.proveConsumption(), ConsumerStalledError);
    });
  });
}
