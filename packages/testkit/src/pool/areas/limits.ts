import assert from 'node:assert/strict';
import { type BasePool, TimeLimitExceeded } from '@pool/core';
import type { Arrival } from '../gate.js';
import { jobOf, type Scene } from '../scene.js';
import type { Suite } from '../suite.js';
import type { Watched } from '../watched.js';
import { elapse, rejectionOf } from '../within.js';

/** Hard time limits. */
export function limits(suite: Suite): void {
  suite.area('limits', () => {
    suite.test('a job that passes its hard limit ends in timeout and frees its slot', async (scene) => {
      const pool = await scene.start({ limit: 1 });
      const gate = await scene.gate();
      const watched = scene.watch(pool, 'never', [gate.port, 'held'], { timeout: 0.3 });
      const rejection = rejectionOf(jobOf(watched).result);
      const ending = await scene.ending(watched);
      const took = performance.now() / 1000 - (jobOf(watched).acceptedAt ?? 0);
      assert.deepEqual(ending, { kind: 'timeout', seconds: 0.3 });
      assert.ok(took >= 0.29, `it had its time: ${took} s`);
      const error = await rejection;
      assert.ok(error instanceof TimeLimitExceeded, String(error));
      assert.equal(error.seconds, 0.3);
      assert.deepEqual(watched.kinds, ['accept', 'timeout']);
      await scene.assertWhole(pool);
    });

    suite.test('without a timeoutCallback the errorCallback hears of it', async (scene) => {
      const pool = await scene.start();
      const gate = await scene.gate();
      const watched = scene.watch(pool, 'never', [gate.port, 'held'], {
        timeout: 0.2,
        timeoutCallback: undefined,
      });
      const info = await scene.failureOf(watched);
      assert.equal(info.code, TimeLimitExceeded.code);
      assert.equal(jobOf(watched).state, 'timeout');
      // For the check of its life: it has ended, though by another callback than is usual.
      watched.told.splice(-1, 1, { kind: 'timeout', seconds: 0.2 });
      await scene.assertWhole(pool);
    });

    suite.test('the limit of the pool is for jobs that bring none', async (scene) => {
      const pool = await scene.start({ timeout: 0.2 });
      const gate = await scene.gate();
      const inherits = scene.watch(pool, 'never', [gate.port, 'inherits']);
      assert.deepEqual(await scene.ending(inherits), { kind: 'timeout', seconds: 0.2 });
      const brings = scene.watch(pool, 'idle', [0.4], { timeout: scene.patience });
      assert.equal(await scene.valueOf(brings), 'ran to its end');
    });

    suite.test('the limit starts when the job is accepted, not while it waits', async (scene) => {
      const limit = 0.5;
      const pool = await scene.start({ limit: 1 });
      const gate = await scene.gate();
      const before = scene.watch(pool, 'gated', [gate.port, 'before']);
      const arrival = await gate.arrival('before');
      const waiting = scene.watch(pool, 'add', [1, 2], { timeout: limit });
      await elapse(limit * 1.5);
      assert.deepEqual(waiting.kinds, [], 'nothing happens to a job that waits');
      arrival.release();
      const ending = await scene.ending(waiting);
      // On a machine that stands still the job may pass its limit after all, but not before it had its time.
      const took = performance.now() / 1000 - (jobOf(waiting).acceptedAt ?? Number.POSITIVE_INFINITY);
      if (ending.kind === 'timeout') assert.ok(took >= limit, `accepted ${took} s before its end`);
      else assert.deepEqual(ending, { kind: 'success', value: 3 });
      await scene.valueOf(before);
    });

    suite.test('a job that ends in time hears nothing of its limit', async (scene) => {
      const pool = await scene.start({ limit: 1 });
      const early = scene.watch(pool, 'add', [1, 2], { timeout: 0.6, softTimeout: 0.5 });
      const ending = await scene.ending(early);
      const later = scene.watch(pool, 'idle', [0.8]);
      assert.equal(await scene.valueOf(later), 'ran to its end', 'the next job in the slot is not hit');
      if (ending.kind === 'success') assert.deepEqual(early.kinds, ['accept', 'success']);
    });

    suite.test('when limit and end coincide, each job still ends once', async (scene) => {
      const pool = await scene.start({ limit: suite.slots });
      const all = Array.from({ length: 6 }, (_, i) =>
        scene.watch(pool, 'idle', [0.045 + i * 0.002], { timeout: 0.05 }),
      );
      for (const watched of all) {
        const { kind } = await scene.ending(watched);
        assert.ok(kind === 'success' || kind === 'timeout', kind);
      }
      await scene.assertWhole(pool);
    });

    suite.test(
      'a busy loop is stopped at its hard limit, and its neighbour is not',
      async (scene) => {
        const pool = await scene.start({ limit: suite.slots });
        const gate = await scene.gate();
        const neighbour = suite.slots > 1 ? scene.watch(pool, 'gated', [gate.port, 'neighbour']) : undefined;
        const { watched: busy, arrival } = await limited(scene, pool, 'busyAfterKnock');
        assert.equal((await scene.ending(busy)).kind, 'timeout');
        await scene.within(arrival.gone, 'what ran the busy loop is gone');
        if (neighbour !== undefined) {
          (await gate.arrival('neighbour')).release();
          assert.equal(await scene.valueOf(neighbour), 'neighbour');
        }
        await scene.assertWhole(pool);
      },
      suite.lacks('hardKill'),
    );

    suite.test(
      'code that awaits is stopped at its hard limit',
      async (scene) => {
        const pool = await scene.start({ limit: 1 });
        const { watched, arrival } = await limited(scene, pool, 'never');
        assert.equal((await scene.ending(watched)).kind, 'timeout');
        await scene.within(arrival.gone, 'what ran the job is gone');
        await scene.assertWhole(pool);
      },
      suite.lacks('hardKill'),
    );

    suite.test(
      'code that awaits may run on after its hard limit, and the slot is free',
      async (scene) => {
        const pool = await scene.start({ limit: 1 });
        const gate = await scene.gate();
        const { watched, arrival } = await limited(scene, pool, 'knockTwice', 'after');
        assert.equal((await scene.ending(watched)).kind, 'timeout');
        await scene.assertWhole(pool);
        arrival.release();
        // A pool that stops the code should declare hardKill: true.
        await gate.arrival('after');
      },
      suite.has('hardKill'),
    );
  });
}

/**
 * Starts a job that passes its limit when it has come as far as the gate. How long that takes depends on the machine, so
 * a job that did not come so far is tried again with a longer limit.
 */
async function limited(
  scene: Scene,
  pool: BasePool,
  target: string,
  ...rest: string[]
): Promise<{ watched: Watched; arrival: Arrival }> {
  const gate = await scene.gate();
  for (const timeout of [0.4, 2, 8]) {
    const label = `${target} of ${timeout} s`;
    const watched = scene.watch(pool, target, [gate.port, label, ...rest], { timeout });
    const early = watched.ended.then(() => undefined);
    const arrival = await scene.within(Promise.race([gate.coming(label), early]), 'the job starts or ends');
    if (arrival !== undefined) return { watched, arrival };
  }
  return assert.fail(`the job ${target} never started within its limit`);
}
