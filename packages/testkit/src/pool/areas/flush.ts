import assert from 'node:assert/strict';
import { JobDiscardedError } from '@pool/core';
import type { Suite } from '../suite.js';

/** Dropping what waits, when the broker will deliver it again. */
export function flush(suite: Suite): void {
  suite.area('flush', () => {
    suite.test('flush() drops what waits, and what runs goes on', async (scene) => {
      const pool = await scene.start({ limit: 1 });
      const gate = await scene.gate();
      const running = scene.watch(pool, 'gated', [gate.port, 'running']);
      const arrival = await gate.arrival('running');
      const waiting = Array.from({ length: 5 }, (_, i) =>
        scene.watch(pool, 'gated', [gate.port, `job ${i}`]),
      );
      await scene.within(pool.flush(), 'flush() resolves');
      for (const watched of waiting) {
        const info = await scene.failureOf(watched);
        assert.equal(info.code, JobDiscardedError.code, String(info));
        assert.deepEqual(watched.kinds, ['failure']);
      }
      assert.equal(pool.unfinished, 1);
      arrival.release();
      assert.equal(await scene.valueOf(running), 'running');
      assert.deepEqual(gate.labels, ['running'], 'nothing that was dropped was started');
      await scene.assertWhole(pool);
    });

    suite.test('flush() of an idle pool does nothing', async (scene) => {
      const pool = await scene.start();
      await scene.within(pool.flush(), 'flush() resolves');
      await scene.assertWhole(pool);
    });
  });
}
