import assert from 'node:assert/strict';
import type { Suite } from '../suite.js';

/** What is urgent comes first. */
export function priorities(suite: Suite): void {
  suite.area('priorities', () => {
    suite.test(
      'of what waits the most urgent comes first, and order is kept within a priority',
      async (scene) => {
        const { priorities: ranks } = suite.capabilities;
        assert.ok(ranks);
        const transport = await scene.open();
        const queue = await scene.queue(transport, { maxPriority: 9 });
        const [low, high] = ranks.urgent === 'high' ? [0, 9] : [9, 0];
        await scene.send(transport, queue, ['low 1', 'low 2'], { priority: low });
        await scene.send(transport, queue, ['high 1', 'high 2'], { priority: high });
        await scene.send(transport, queue, ['low 3'], { priority: low });
        await scene.send(transport, queue, ['high 3'], { priority: high });
        const collector = await scene.collect(transport, queue, { prefetch: 1 });
        await scene.received(collector, 6);
        const { texts } = collector;
        assert.deepEqual(
          texts.map((text) => text.split(' ')[0]),
          ['high', 'high', 'high', 'low', 'low', 'low'],
        );
        if (suite.capabilities.ordered) {
          assert.deepEqual(texts, ['high 1', 'high 2', 'high 3', 'low 1', 'low 2', 'low 3']);
        }
      },
      suite.lacks('priorities'),
    );

    suite.test(
      'the declared number of levels is told apart',
      async (scene) => {
        const { priorities: ranks } = suite.capabilities;
        assert.ok(ranks);
        const transport = await scene.open();
        const queue = await scene.queue(transport, { maxPriority: 9 });
        const numbers = [3, 9, 0, 6, 1, 8, 2, 7, 4, 5];
        for (const priority of numbers) await scene.send(transport, queue, [String(priority)], { priority });
        const collector = await scene.collect(transport, queue, { prefetch: 1 });
        await scene.received(collector, numbers.length);
        const urgency = collector.texts.map((text) =>
          ranks.urgent === 'high' ? 9 - Number(text) : Number(text),
        );
        // Numbers of one level may come in any order; a step is where a more urgent number came after a less urgent.
        const levelOf = (number: number): number => Math.floor((number * ranks.levels) / 10);
        const levels = urgency.map(levelOf);
        if (ranks.levels === 10)
          assert.deepEqual(
            urgency,
            [...urgency].sort((a, b) => a - b),
          );
        else assert.ok((levels[0] ?? 9) <= (levels.at(-1) ?? 0), `served in the order ${collector.texts}`);
        assert.deepEqual(collector.texts.map(Number).sort(), [...numbers].sort());
      },
      suite.lacks('priorities'),
    );

    suite.test(
      'a message without a priority comes too',
      async (scene) => {
        const transport = await scene.open();
        const queue = await scene.queue(transport);
        await scene.send(transport, queue, ['none']);
        await scene.send(transport, queue, ['some'], { priority: 4 });
        const collector = await scene.collect(transport, queue);
        await scene.received(collector, 2);
      },
      suite.lacks('priorities'),
    );
  });
}
