import assert from 'node:assert/strict';
import type { Suite } from '../suite.js';

/** Children that leave after their share of work. */
export function recycle(suite: Suite): void {
  const none = suite.lacks('recycle');

  suite.area('recycle', () => {
    suite.test(
      'a child runs at most maxTasksPerChild jobs',
      async (scene) => {
        const pool = await scene.start({ limit: 1, maxTasksPerChild: 3 });
        const all = Array.from({ length: 7 }, () => scene.watch(pool, 'whoami'));
        const counts = new Map<string, number>();
        for (const watched of all) {
          const { incarnation } = (await scene.valueOf(watched)) as { incarnation: string };
          counts.set(incarnation, (counts.get(incarnation) ?? 0) + 1);
        }
        assert.ok(Math.max(...counts.values()) <= 3, `jobs a child: ${[...counts.values()].join(', ')}`);
        assert.ok(counts.size >= 3);
        await scene.assertWhole(pool);
      },
      none,
    );

    suite.test(
      'recycling under load loses nothing',
      async (scene) => {
        const pool = await scene.start({ limit: suite.slots, maxTasksPerChild: 15 });
        const all = Array.from({ length: 60 }, (_, i) =>
          scene.watch(pool, i % 2 === 0 ? 'addLater' : 'add', [i, 0]),
        );
        for (const [i, watched] of all.entries()) assert.equal(await scene.valueOf(watched), i);
        await scene.assertWhole(pool);
      },
      none,
    );

    suite.test(
      'failed jobs count as well',
      async (scene) => {
        const pool = await scene.start({ limit: 1, maxTasksPerChild: 1 });
        const { incarnation } = (await scene.run(pool, 'whoami')) as { incarnation: string };
        await scene.failureOf(scene.watch(pool, 'fail', ['no']));
        const after = (await scene.run(pool, 'whoami')) as { incarnation: string };
        assert.notEqual(after.incarnation, incarnation);
      },
      none,
    );

    suite.test(
      'a large result is delivered whole before the child leaves',
      async (scene) => {
        const pool = await scene.start({ limit: 1, maxTasksPerChild: 1 });
        const length = 5_000_000;
        for (let i = 0; i < 2; i++) {
          assert.equal(((await scene.run(pool, 'text', [length + i])) as string).length, length + i);
        }
      },
      none,
    );
  });
}
