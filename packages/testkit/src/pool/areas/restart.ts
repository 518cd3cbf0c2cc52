import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { PoolClosedError } from '@pool/core';
import type { Suite } from '../suite.js';
import { rejectionOf } from '../within.js';

/** Replacing what runs the jobs. */
export function restart(suite: Suite): void {
  const none = suite.lacks('restart');

  suite.area('restart', () => {
    suite.test(
      'restart() replaces what runs the jobs',
      async (scene) => {
        const pool = await scene.start({ limit: 1 });
        const before = (await scene.run(pool, 'whoami')) as { incarnation: string };
        await scene.within(pool.restart(), 'the pool restarts');
        const after = (await scene.run(pool, 'whoami')) as { incarnation: string };
        assert.notEqual(after.incarnation, before.incarnation);
        await scene.assertWhole(pool);
      },
      none,
    );

    suite.test(
      'restart() does not interrupt a running job and loses none that waits',
      async (scene) => {
        const pool = await scene.start({ limit: suite.slots });
        const gate = await scene.gate();
        const running = scene.watch(pool, 'gated', [gate.port, 'running']);
        const arrival = await gate.arrival('running');
        const waiting = Array.from({ length: 100 }, (_, i) => scene.watch(pool, 'add', [i, 0]));
        const rejection = rejectionOf(pool.restart());
        // A pool that kills may leave what has arrived to be read first.
        for (let i = 0; i < 2; i++) await turn();
        arrival.release();
        assert.equal(await scene.valueOf(running), 'running');
        assert.equal(
          await scene.within(rejection, 'restart() settles'),
          undefined,
          'restart() does not fail',
        );
        for (const [i, watched] of waiting.entries()) assert.equal(await scene.valueOf(watched), i);
        await scene.assertWhole(pool);
      },
      none,
    );

    suite.test(
      'restart() twice at once under load loses nothing',
      async (scene) => {
        const pool = await scene.start({ limit: suite.slots });
        const all = Array.from({ length: 300 }, (_, i) => scene.watch(pool, 'addLater', [i, 0]));
        await scene.within(Promise.all([pool.restart(), pool.restart()]), 'the pool restarts twice at once');
        for (const [i, watched] of all.entries()) assert.equal(await scene.valueOf(watched), i);
        await scene.assertWhole(pool);
      },
      none,
    );

    suite.test(
      'stop() during a restart ends the pool',
      async (scene) => {
        const pool = await scene.start({ limit: suite.slots });
        const restarted = rejectionOf(pool.restart());
        await scene.within(pool.stop(), 'the pool stops');
        await scene.within(restarted, 'restart() settles');
      },
      none,
    );

    suite.test(
      'only a pool that runs can be restarted',
      async (scene) => {
        const pool = scene.create();
        await assert.rejects(pool.restart(), PoolClosedError);
        await scene.within(pool.start(), 'the pool starts');
        await scene.within(pool.stop(), 'the pool stops');
        await assert.rejects(pool.restart(), PoolClosedError);
      },
      none,
    );
  });
}
