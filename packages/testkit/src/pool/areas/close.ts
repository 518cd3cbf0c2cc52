import assert from 'node:assert/strict';
import { PoolClosedError, TERMINATE } from '@pool/core';
import type { Suite } from '../suite.js';

/** Closing while there is work. */
export function close(suite: Suite): void {
  suite.area('close', () => {
    suite.test('close() under load finishes everything that was handed in', async (scene) => {
      const pool = await scene.start({ limit: suite.slots });
      const all = Array.from({ length: 500 }, (_, i) =>
        scene.watch(pool, i % 2 === 0 ? 'addLater' : 'add', [i, 1]),
      );
      const closed = pool.close();
      assert.throws(() => pool.applyAsync(scene.target('add'), [1, 2]), PoolClosedError);
      await scene.within(closed, 'the pool closes');
      await scene.within(pool.stop(), 'the pool stops');
      assert.equal(pool.unfinished, 0);
      for (const [i, watched] of all.entries()) assert.equal(await scene.valueOf(watched), i + 1);
    });

    suite.test('stop() waits for the job that runs and for those that wait', async (scene) => {
      const pool = await scene.start({ limit: 1 });
      const gate = await scene.gate();
      const running = scene.watch(pool, 'gated', [gate.port, 'running']);
      const waiting = scene.watch(pool, 'gated', [gate.port, 'waiting']);
      const arrival = await gate.arrival('running');
      let stopped = false;
      const stop = pool.stop().then(() => {
        stopped = true;
      });
      arrival.release();
      assert.equal(await scene.valueOf(running), 'running');
      const second = await gate.arrival('waiting');
      assert.equal(stopped, false, 'a job is still to be done');
      second.release();
      assert.equal(await scene.valueOf(waiting), 'waiting');
      await scene.within(stop, 'the pool stops');
    });

    suite.test('stop() waits for jobs that fail as well', async (scene) => {
      const pool = await scene.start({ limit: suite.slots });
      const all = Array.from({ length: 50 }, (_, i) =>
        scene.watch(pool, i % 2 === 0 ? 'failLater' : 'fail', [String(i)]),
      );
      await scene.within(pool.stop(), 'the pool stops');
      for (const [i, watched] of all.entries())
        assert.equal((await scene.failureOf(watched)).message, String(i));
    });

    suite.test('limits hold while the pool closes', async (scene) => {
      const pool = await scene.start({ limit: 1 });
      const gate = await scene.gate();
      const held = scene.watch(pool, 'never', [gate.port, 'held'], { timeout: 0.4 });
      const waiting = scene.watch(pool, 'add', [1, 2]);
      await scene.within(held.accepted, 'the job is accepted');
      await scene.within(pool.stop(), 'the pool stops');
      assert.equal((await scene.ending(held)).kind, 'timeout');
      assert.equal(await scene.valueOf(waiting), 3);
    });

    suite.test(
      'a job can be ended while the pool closes',
      async (scene) => {
        const pool = await scene.start({ limit: 1 });
        const gate = await scene.gate();
        const held = scene.watch(pool, 'never', [gate.port, 'held']);
        await gate.arrival('held');
        const stopped = pool.stop();
        await scene.within(held.job?.terminate() ?? assert.fail(), 'terminate() resolves');
        await scene.within(stopped, 'the pool stops');
        assert.equal(pool.state, TERMINATE);
      },
      suite.lacks('terminateJob'),
    );

    suite.test('terminate() after close() does not wait', async (scene) => {
      const pool = await scene.start({ limit: 1 });
      const gate = await scene.gate();
      const held = scene.watch(pool, 'never', [gate.port, 'held']);
      await gate.arrival('held');
      await scene.within(pool.close(), 'close() does not wait for jobs');
      await scene.within(pool.terminate(), 'the pool terminates');
      await scene.failureOf(held);
    });
  });
}
