import assert from 'node:assert/strict';
import { SoftTimeLimitExceeded } from '@pool/core';
import type { Suite } from '../suite.js';

/** Soft time limits. */
export function softLimits(suite: Suite): void {
  const { softLimit } = suite.capabilities;
  const none = suite.lacks('softLimit');

  suite.area('soft-limits', () => {
    suite.test(
      'the signal of a job aborts at its soft limit, and the job may fail with its reason',
      async (scene) => {
        const pool = await scene.start({ limit: 1 });
        const gate = await scene.gate();
        const watched = scene.watch(pool, 'cooperative', [gate.port, 'held'], { softTimeout: 0.3 });
        const info = await scene.failureOf(watched);
        assert.equal(info.code, SoftTimeLimitExceeded.code, String(info));
        assert.ok(info.toError() instanceof SoftTimeLimitExceeded);
        assert.deepEqual(watched.kinds, ['accept', 'soft', 'failure']);
        assert.deepEqual(watched.told[1], { kind: 'soft', seconds: 0.3 });
        await scene.assertWhole(pool);
      },
      none,
    );

    suite.test(
      'a job may tidy up at its soft limit and end well',
      async (scene) => {
        const pool = await scene.start({ limit: 1 });
        // Enough for the synchronous part, also where a busy machine holds it up: in this process that would be interrupted.
        const watched = scene.watch(pool, 'tidyUp', [], { softTimeout: 1 });
        assert.deepEqual(await scene.valueOf(watched), {
          name: 'SoftTimeLimitExceeded',
          code: SoftTimeLimitExceeded.code,
          seconds: 1,
        });
        assert.deepEqual(watched.kinds, ['accept', 'soft', 'success']);
      },
      none,
    );

    suite.test(
      'a job that heeds no soft limit meets the hard one',
      async (scene) => {
        const pool = await scene.start({ limit: 1 });
        const gate = await scene.gate();
        const limits = { softTimeout: 0.2, timeout: 0.5 };
        const watched = scene.watch(pool, 'never', [gate.port, 'held'], limits);
        assert.deepEqual(await scene.ending(watched), { kind: 'timeout', seconds: 0.5 });
        assert.deepEqual(watched.kinds, ['accept', 'soft', 'timeout']);
        await scene.assertWhole(pool);
      },
      none,
    );

    suite.test('a soft limit that could not come first is none', async (scene) => {
      const pool = await scene.start({ limit: 1 });
      const gate = await scene.gate();
      const limits = { softTimeout: 0.5, timeout: 0.2 };
      const watched = scene.watch(pool, 'never', [gate.port, 'held'], limits);
      assert.deepEqual(await scene.ending(watched), { kind: 'timeout', seconds: 0.2 });
      assert.equal(watched.job?.softTimeout, undefined);
      assert.deepEqual(watched.kinds, ['accept', 'timeout']);
    });

    suite.test(
      'the soft limit of the pool is for jobs that bring none',
      async (scene) => {
        const pool = await scene.start({ softTimeout: 0.2 });
        const watched = scene.watch(pool, 'tidyUp');
        assert.equal(((await scene.valueOf(watched)) as { seconds: number }).seconds, 0.2);
      },
      none,
    );

    suite.test(
      'a busy loop is interrupted at its soft limit, and what ran it lives on',
      async (scene) => {
        const pool = await scene.start({ limit: 1 });
        const before = (await scene.run(pool, 'whoami')) as { incarnation: string };
        const watched = scene.watch(pool, 'busy', [scene.patience], { softTimeout: 0.3 });
        const info = await scene.failureOf(watched);
        assert.ok(info.toError() instanceof SoftTimeLimitExceeded, String(info));
        assert.deepEqual(watched.kinds, ['accept', 'soft', 'failure']);
        const after = (await scene.run(pool, 'whoami')) as { incarnation: string };
        assert.equal(after.incarnation, before.incarnation, 'the same child runs the next job');
        await scene.assertWhole(pool);
      },
      softLimit === 'interrupt' ? undefined : `the pool declares softLimit: ${String(softLimit)}`,
    );

    suite.test(
      'a busy loop is not interrupted at its soft limit',
      async (scene) => {
        const pool = await scene.start({ limit: 1 });
        const watched = scene.watch(pool, 'busy', [0.5], { softTimeout: 0.1 });
        assert.equal(await scene.valueOf(watched), 'ran to its end');
      },
      suite.interrupts,
    );

    suite.test(
      'a soft limit on a job that ends before does nothing',
      async (scene) => {
        const pool = await scene.start({ limit: 1 });
        for (const target of ['add', 'addLater']) {
          const watched = scene.watch(pool, target, [1, 2], { softTimeout: scene.patience });
          assert.equal(await scene.valueOf(watched), 3);
          assert.deepEqual(watched.kinds, ['accept', 'success']);
        }
        const failing = scene.watch(pool, 'fail', ['as ever'], { softTimeout: scene.patience });
        assert.equal((await scene.failureOf(failing)).message, 'as ever');
      },
      none,
    );
  });
}
