import assert from 'node:assert/strict';
import type { Suite } from '../suite.js';

/** Routing by patterns. */
export function topic(suite: Suite): void {
  suite.area('topic', () => {
    suite.test(
      '* is one word, # is any number of words',
      async (scene) => {
        const transport = await scene.open();
        const exchange = await scene.exchange(transport, 'topic');
        const patterns = ['task.*', 'task.#', '#', '*.received', 'task.received', '#.done.#', 'worker.*.up'];
        const queues = new Map<string, string>();
        for (const routingKey of patterns) {
          const queue = await scene.queue(transport);
          queues.set(routingKey, queue);
          await transport.bindQueue({ exchange, queue, routingKey });
        }
        const keys = [
          'task',
          'task.received',
          'task.a.b',
          'worker.w1.up',
          'done',
          'a.done.b.c',
          'tasks.received',
        ];
        for (const key of keys) await scene.send(transport, key, [key], { exchange });
        const expected: Record<string, string[]> = {
          'task.*': ['task.received'],
          'task.#': ['task', 'task.a.b', 'task.received'],
          '#': [...keys].sort(),
          '*.received': ['task.received', 'tasks.received'],
          'task.received': ['task.received'],
          '#.done.#': ['a.done.b.c', 'done'],
          'worker.*.up': ['worker.w1.up'],
        };
        for (const [pattern, queue] of queues) {
          const collector = await scene.collect(transport, queue);
          await scene.received(collector, expected[pattern]?.length ?? 0);
          await scene.settle(collector);
          assert.deepEqual(collector.texts.sort(), expected[pattern], `what ${pattern} matches`);
        }
      },
      suite.lacks('topic'),
    );

    suite.test(
      'a queue that matches twice gets one copy',
      async (scene) => {
        const transport = await scene.open();
        const exchange = await scene.exchange(transport, 'topic');
        const queue = await scene.queue(transport);
        for (const routingKey of ['a.*', '*.b']) await transport.bindQueue({ exchange, queue, routingKey });
        await scene.send(transport, 'a.b', ['once'], { exchange });
        const collector = await scene.collect(transport, queue);
        await scene.received(collector, 1);
        await scene.settle(collector);
        assert.deepEqual(collector.texts, ['once']);
      },
      suite.lacks('topic'),
    );
  });
}
