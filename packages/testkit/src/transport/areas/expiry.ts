import assert from 'node:assert/strict';
import type { Suite } from '../suite.js';

/** Messages that are worth something only for a while. */
export function expiry(suite: Suite): void {
  suite.area('expiry', () => {
    suite.test(
      'a message that expired while it waited does not come',
      async (scene) => {
        const transport = await scene.open();
        const queue = await scene.queue(transport);
        await scene.send(transport, queue, ['short'], { expiration: 0.05 });
        await scene.send(transport, queue, ['long'], { expiration: 600 });
        await scene.send(transport, queue, ['for ever']);
        await scene.elapse(0.1);
        const collector = await scene.collect(transport, queue);
        await scene.received(collector, 2);
        await scene.settle(collector);
        assert.deepEqual(collector.texts.sort(), ['for ever', 'long']);
        await scene.within(transport.flush(), 'the acks are sent');
        await scene.size(transport, queue, 0);
      },
      suite.lacks('messageTtl'),
    );

    suite.test(
      'a queue may let all its messages expire',
      async (scene) => {
        const transport = await scene.open();
        const queue = await scene.queue(transport, { messageTtl: 0.05 });
        await scene.send(transport, queue, ['old']);
        await scene.elapse(0.1);
        const collector = await scene.collect(transport, queue);
        await scene.settle(collector);
        await scene.send(transport, queue, ['new']);
        await scene.received(collector, 1);
        await scene.settle(collector);
        assert.deepEqual(collector.texts, ['new']);
      },
      suite.lacks('messageTtl'),
    );
  });
}
