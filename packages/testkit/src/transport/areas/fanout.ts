import assert from 'node:assert/strict';
import type { Suite } from '../suite.js';

/** One publish that reaches everybody. */
export function fanout(suite: Suite): void {
  const lack = suite.lacks('fanout');
  suite.area('fanout', () => {
    suite.test(
      'every bound queue gets a copy',
      async (scene) => {
        const [one, two, producer] = [await scene.open(), await scene.open(), await scene.open()];
        const exchange = await scene.exchange(one, 'fanout');
        const queues = [await scene.queue(one), await scene.queue(two), await scene.queue(two)] as const;
        for (const transport of [two, producer])
          await transport.declareExchange({ name: exchange, type: 'fanout' });
        await one.bindQueue({ exchange, queue: queues[0] });
        await two.bindQueue({ exchange, queue: queues[1] });
        await two.bindQueue({ exchange, queue: queues[2] });
        const collectors = [
          await scene.collect(one, queues[0]),
          await scene.collect(two, queues[1]),
          await scene.collect(two, queues[2]),
        ];
        await scene.send(producer, 'whatever', ['a', 'b'], { exchange });
        for (const collector of collectors) {
          await scene.received(collector, 2);
          await scene.settle(collector);
          assert.deepEqual(collector.texts.sort(), ['a', 'b']);
        }
      },
      lack,
    );

    suite.test(
      'a queue that is bound no more gets nothing',
      async (scene) => {
        const transport = await scene.open();
        const exchange = await scene.exchange(transport, 'fanout');
        const [kept, left] = [await scene.queue(transport), await scene.queue(transport)];
        for (const queue of [kept, left]) await transport.bindQueue({ exchange, queue });
        const collectors = [
          await scene.collect(transport, kept),
          await scene.collect(transport, left),
        ] as const;
        await scene.send(transport, '', ['both'], { exchange });
        for (const collector of collectors) await scene.received(collector, 1);
        await transport.unbindQueue({ exchange, queue: left });
        await scene.send(transport, '', ['one'], { exchange });
        await scene.received(collectors[0], 2);
        await scene.settle(collectors[1]);
        assert.deepEqual(collectors[1].texts, ['both']);
      },
      lack,
    );

    suite.test(
      'a fanout nobody listens to goes nowhere, without an error',
      async (scene) => {
        const transport = await scene.open();
        const exchange = await scene.exchange(transport, 'fanout');
        await scene.send(transport, '', ['a'], { exchange });
      },
      lack,
    );

    suite.test(
      'an auto-delete queue goes with its last consumer',
      async (scene) => {
        const transport = await scene.open();
        const exchange = await scene.exchange(transport, 'fanout');
        const queue = await scene.queue(transport, { autoDelete: true });
        await transport.bindQueue({ exchange, queue });
        const collector = await scene.collect(transport, queue);
        await scene.send(transport, '', ['a'], { exchange });
        await scene.received(collector, 1);
        await scene.within(collector.consumer.cancel(), 'the consumer ends');
        await scene.send(transport, '', ['unheard'], { exchange });
        await transport.declareQueue({ name: queue, autoDelete: true });
        assert.equal(await transport.queueSize(queue), 0);
      },
      lack,
    );
  });
}
