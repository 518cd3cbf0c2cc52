import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { SetAsideRecord } from '@pool/transport';
import type { Suite } from '../suite.js';

/** Messages that cannot be handled are kept, and do no harm. */
export function aside(suite: Suite): void {
  suite.area('aside', () => {
    suite.test('what is set aside is told, leaves its queue and is settled', async (scene) => {
      const transport = await scene.open();
      const queue = await scene.queue(transport);
      await scene.send(transport, queue, ['bad', 'good']);
      const records: SetAsideRecord[] = [];
      transport.on('setAside', (record) => records.push(record));
      const collector = await scene.collect(transport, queue, { prefetch: 2 }, () => {});
      await scene.received(collector, 2);
      const bad = collector.deliveries.find((_, i) => collector.texts[i] === 'bad');
      assert.ok(bad);
      await scene.within(transport.setAside(bad, 'unknown task demo.none'), 'the message is set aside');
      await scene.within(transport.setAside(bad, 'again'), 'it is set aside once');
      assert.notEqual(bad.settled, undefined);
      assert.equal(collector.consumer.unacked, 1);
      assert.equal(transport.stats.setAside, 1);
      assert.equal(records.length, 1);
      assert.equal(records[0]?.queue, queue);
      assert.equal(records[0]?.reason, 'unknown task demo.none');
      assert.ok((records[0]?.place.length ?? 0) > 0);
      bad.ack();
      assert.equal(transport.stats.stale, 0);
      await scene.within(transport.close(), 'the transport closes');
      const other = await scene.open();
      const rest = await scene.collect(other, queue);
      await scene.received(rest, 1);
      await scene.settle(rest);
      assert.deepEqual(rest.texts, ['good']);
      if (suite.options.reasonsAside !== undefined) {
        assert.deepEqual(await suite.options.reasonsAside(scene.place, queue), ['unknown task demo.none']);
      }
    });

    suite.test('a message of a noAck consumer can be set aside', async (scene) => {
      const transport = await scene.open();
      const queue = await scene.queue(transport);
      await scene.send(transport, queue, ['bad']);
      const collector = await scene.collect(transport, queue, { noAck: true });
      await scene.received(collector, 1);
      const [bad] = collector.deliveries;
      assert.ok(bad);
      await scene.within(transport.setAside(bad, 'no sense'), 'the message is set aside');
      assert.equal(transport.stats.setAside, 1);
      await scene.size(transport, queue, 0);
      if (suite.options.reasonsAside !== undefined) {
        assert.deepEqual(await suite.options.reasonsAside(scene.place, queue), ['no sense']);
      }
    });

    suite.test(
      'what is no message is set aside, and the next one comes',
      async (scene) => {
        const transport = await scene.open();
        const queue = await scene.queue(transport);
        const told = once(transport, 'setAside') as Promise<[SetAsideRecord]>;
        await suite.options.putMalformed?.(scene.place, queue);
        const collector = await scene.collect(transport, queue, { prefetch: 1 });
        const [record] = await scene.within(told, 'the malformed message is set aside');
        assert.equal(record.queue, queue);
        assert.ok(record.reason.length > 0);
        await scene.send(transport, queue, ['good']);
        await scene.received(collector, 1);
        assert.deepEqual(collector.texts, ['good']);
        await scene.within(transport.flush(), 'all is settled');
        await scene.size(transport, queue, 0);
        assert.equal(transport.state, 'connected');
        if (suite.options.reasonsAside !== undefined) {
          assert.equal((await suite.options.reasonsAside(scene.place, queue)).length, 1);
        }
      },
      suite.without('putMalformed'),
    );

    suite.test('what the limits allow comes, however many headers it has', async (scene) => {
      const transport = await scene.open({ limits: { maxHeaders: 1000 } });
      const queue = await scene.queue(transport);
      const headers = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`h${i}`, i]));
      const publish = transport.publish(scene.message('rich', { headers }), { routingKey: queue });
      await scene.within(publish, 'the message is published');
      const collector = await scene.collect(transport, queue);
      await scene.received(collector, 1);
      assert.deepEqual(collector.deliveries[0]?.message.headers, headers);
    });
  });
}
