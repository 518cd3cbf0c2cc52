import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Suite } from '../suite.js';

const bigBytes = 4 * 1024 * 1024;

/** What comes out is what went in. */
export function messages(suite: Suite): void {
  suite.area('messages', () => {
    suite.test('a message arrives as it was sent', async (scene) => {
      const transport = await scene.open();
      const queue = await scene.queue(transport);
      const every = Uint8Array.from({ length: 256 }, (_, i) => i);
      const headers = {
        task: 'demo.add',
        id: 'c4a5',
        eta: null,
        retries: 3,
        ignore_result: false,
        timelimit: [null, 1.5],
        stamps: { nested: { deep: ['ü', '日本', '😀'] } },
      };
      const properties = { correlationId: 'ä-1', replyTo: 'reply', priority: 5, deliveryMode: 2 };
      const message = {
        body: every,
        contentType: 'application/data',
        contentEncoding: 'binary',
        headers,
        properties,
      };
      await scene.within(transport.publish(message, { routingKey: queue }), 'the message is published');
      const collector = await scene.collect(transport, queue);
      await scene.received(collector, 1);
      const [delivery] = collector.deliveries;
      assert.ok(delivery);
      assert.deepEqual(Uint8Array.from(delivery.message.body), every);
      assert.equal(delivery.message.contentType, 'application/data');
      assert.equal(delivery.message.contentEncoding, 'binary');
      assert.deepEqual({ ...delivery.message.headers }, headers);
      const { correlationId, replyTo, priority, deliveryMode } = delivery.message.properties;
      assert.deepEqual({ correlationId, replyTo, priority, deliveryMode }, properties);
      assert.deepEqual([delivery.queue, delivery.exchange, delivery.routingKey], [queue, '', queue]);
      assert.equal(delivery.redelivered, false);
      assert.equal(delivery.epoch, transport.epoch);
      if (suite.capabilities.deliveryCount) assert.equal(delivery.deliveryCount, 0);
    });

    suite.test('bodies of no bytes and of many arrive exactly', async (scene) => {
      const transport = await scene.open();
      const queue = await scene.queue(transport);
      const bodies = [new Uint8Array(0), randomBytes(1), randomBytes(65_536), randomBytes(bigBytes)];
      const published = bodies.map((body) => transport.publish(scene.message(body), { routingKey: queue }));
      await scene.within(Promise.all(published), 'the messages are published');
      const collector = await scene.collect(transport, queue);
      await scene.received(collector, bodies.length);
      const arrived = new Map(collector.deliveries.map(({ message }) => [message.body.length, message.body]));
      for (const body of bodies) {
        assert.equal(
          Buffer.compare(arrived.get(body.length) ?? randomBytes(3), body),
          0,
          `${body.length} bytes`,
        );
      }
    });

    suite.test('the buffer of a published message can be used again', async (scene) => {
      const transport = await scene.open();
      const queue = await scene.queue(transport);
      const body = Buffer.from('before');
      await scene.within(
        transport.publish(scene.message(body), { routingKey: queue }),
        'the message is published',
      );
      body.fill('x');
      const collector = await scene.collect(transport, queue);
      await scene.received(collector, 1);
      assert.deepEqual(collector.texts, ['before']);
    });

    suite.test('a thousand publishes of one turn all arrive, once', async (scene) => {
      const transport = await scene.open();
      const queue = await scene.queue(transport);
      const texts = Array.from({ length: 1000 }, (_, i) => String(i));
      await scene.send(transport, queue, texts);
      assert.equal(transport.stats.published, 1000);
      const collector = await scene.collect(transport, queue, { prefetch: 50 });
      await scene.received(collector, 1000);
      await scene.settle(collector);
      assert.deepEqual([...collector.texts].sort(), [...texts].sort());
      await scene.within(transport.flush(), 'the acks are sent');
      await scene.size(transport, queue, 0);
    });

    suite.test(
      'messages come in the order they were sent',
      async (scene) => {
        const transport = await scene.open();
        const queue = await scene.queue(transport);
        const texts = Array.from({ length: 200 }, (_, i) => String(i));
        for (let i = 0; i < texts.length; i += 40) await scene.send(transport, queue, texts.slice(i, i + 40));
        const collector = await scene.collect(transport, queue, { prefetch: 7 });
        await scene.received(collector, texts.length);
        assert.deepEqual(collector.texts, texts);
      },
      suite.lacks('ordered'),
    );
  });
}
