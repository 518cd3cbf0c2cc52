import assert from 'node:assert/strict';
import type { Suite } from '../suite.js';

/** Declaring, counting, purging and deleting queues. */
export function queues(suite: Suite): void {
  suite.area('queues', () => {
    suite.test('a declared queue tells its name and what waits in it', async (scene) => {
      const transport = await scene.open();
      const queue = await scene.queue(transport);
      assert.deepEqual(await transport.declareQueue({ name: queue }), {
        name: queue,
        messageCount: 0,
        consumerCount: 0,
      });
      await scene.send(transport, queue, ['a', 'b', 'c']);
      await scene.size(transport, queue, 3);
      const { name, messageCount } = await transport.declareQueue({ name: queue });
      assert.deepEqual([name, messageCount], [queue, 3]);
    });

    suite.test('what is held does not wait', async (scene) => {
      const transport = await scene.open();
      const queue = await scene.queue(transport);
      await scene.send(transport, queue, ['a', 'b', 'c']);
      const collector = await scene.collect(transport, queue, { prefetch: 2 }, () => {});
      await scene.received(collector, 2);
      await scene.size(transport, queue, 1);
      assert.equal((await transport.queueStatus(queue)).consumerCount, 1);
    });

    suite.test('a queue without a name gets one', async (scene) => {
      const transport = await scene.open();
      const names = [await scene.queue(transport, { name: '' }), await scene.queue(transport, { name: '' })];
      assert.equal(new Set(names).size, 2);
      assert.ok(names.every((name) => name.length > 0));
      await scene.send(transport, names[0] as string, ['a']);
      const collector = await scene.collect(transport, names[0] as string);
      await scene.received(collector, 1);
    });

    suite.test('purgeQueue() drops what waits, tells how much, and leaves what is held', async (scene) => {
      const transport = await scene.open();
      const queue = await scene.queue(transport);
      await scene.send(transport, queue, ['held', 'b', 'c']);
      const collector = await scene.collect(transport, queue, { prefetch: 1 }, () => {});
      await scene.received(collector, 1);
      await scene.size(transport, queue, 2);
      assert.equal(await transport.purgeQueue(queue), 2);
      await scene.size(transport, queue, 0);
      assert.equal(await transport.purgeQueue(queue), 0);
      const [held] = collector.deliveries;
      held?.reject({ requeue: true });
      await scene.received(collector, 2);
      assert.deepEqual(
        collector.texts,
        [held, collector.deliveries[1]].map(() => 'held'),
      );
    });

    suite.test('deleteQueue() takes what waits with it', async (scene) => {
      const transport = await scene.open();
      const queue = await scene.queue(transport);
      await scene.send(transport, queue, ['a', 'b']);
      await scene.size(transport, queue, 2);
      assert.equal(await transport.deleteQueue(queue), 2);
      await transport.declareQueue({ name: queue });
      assert.equal(await transport.queueSize(queue), 0);
    });

    suite.test('messages of one queue do not come to another whose name it ends with', async (scene) => {
      const transport = await scene.open();
      const short = await scene.queue(transport);
      const long = await scene.queue(transport, { name: `a.${short}` });
      await scene.send(transport, long, ['long']);
      await scene.send(transport, short, ['short']);
      const collector = await scene.collect(transport, short);
      await scene.received(collector, 1);
      await scene.settle(collector);
      assert.deepEqual(collector.texts, ['short']);
      await scene.size(transport, long, 1);
    });
  });
}
