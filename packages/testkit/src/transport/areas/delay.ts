import assert from 'node:assert/strict';
import type { Suite } from '../suite.js';

/** How much earlier than told a message may come: clocks are read in whole milliseconds. */
const slack = 0.005;

/** Messages that wait for their time in the broker. */
export function delay(suite: Suite): void {
  suite.area('delay', () => {
    suite.test(
      'a delayed message comes when its time has come, and holds nothing up',
      async (scene) => {
        const transport = await scene.open();
        const queue = await scene.queue(transport);
        const sent = performance.now();
        await scene.send(transport, queue, ['later'], { delay: 0.5 });
        await scene.send(transport, queue, ['at once']);
        const collector = await scene.collect(transport, queue, { prefetch: 1 });
        await scene.received(collector, 1);
        assert.deepEqual(collector.texts, ['at once']);
        await scene.received(collector, 2);
        const seconds = (performance.now() - sent) / 1000;
        assert.ok(seconds >= 0.5 - slack, `it came after ${seconds} s`);
        assert.equal(collector.deliveries[1]?.redelivered, false);
      },
      suite.lacks('delayedDelivery'),
    );

    suite.test(
      'a message can be given back for later',
      async (scene) => {
        const transport = await scene.open();
        const queue = await scene.queue(transport);
        await scene.send(transport, queue, ['a']);
        let given = 0;
        const collector = await scene.collect(transport, queue, {}, (delivery) => {
          if (delivery.redelivered) delivery.ack();
          else {
            given = performance.now();
            delivery.reject({ requeue: true, delay: 0.3 });
          }
        });
        await scene.received(collector, 2);
        const seconds = (performance.now() - given) / 1000;
        assert.ok(seconds >= 0.3 - slack, `it came again after ${seconds} s`);
        assert.deepEqual(collector.texts, ['a', 'a']);
      },
      suite.lacks('delayedDelivery'),
    );
  });
}
