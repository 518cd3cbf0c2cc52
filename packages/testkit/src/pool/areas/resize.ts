import assert from 'node:assert/strict';
import { PoolClosedError } from '@pool/core';
import type { Suite } from '../suite.js';
import { Tally } from '../tally.js';
import { rejectionOf } from '../within.js';

/** Growing and shrinking at run time. */
export function resize(suite: Suite): void {
  const none = suite.lacks('resize');

  suite.area('resize', () => {
    suite.test(
      'grow() adds slots that are used at once',
      async (scene) => {
        const pool = await scene.start({ limit: 1 });
        const gate = await scene.gate();
        const labels = ['a', 'b', 'c'];
        const all = labels.map((label) => scene.watch(pool, 'gated', [gate.port, label]));
        await gate.arrival('a');
        await scene.within(pool.grow(2), 'the pool grows');
        assert.equal(pool.limit, 3);
        assert.equal(pool.numProcesses, 3);
        assert.equal(pool.info['max-concurrency'], 3);
        const arrivals = await Promise.all(labels.map((label) => gate.arrival(label)));
        for (const arrival of arrivals) arrival.release();
        for (const watched of all) await scene.valueOf(watched);
        await scene.assertWhole(pool);
      },
      none,
    );

    suite.test(
      'shrink() lets busy slots finish and then keeps to the new limit',
      async (scene) => {
        const pool = await scene.start({ limit: 3 });
        const gate = await scene.gate();
        const busy = ['a', 'b', 'c'].map((label) => scene.watch(pool, 'gated', [gate.port, label]));
        const arrivals = await Promise.all(['a', 'b', 'c'].map((label) => gate.arrival(label)));
        const behind = ['d', 'e'].map((label) => scene.watch(pool, 'gated', [gate.port, label]));
        const refused = rejectionOf(pool.shrink(2));
        assert.equal(pool.limit, 1);
        for (const arrival of arrivals) arrival.release();
        for (const watched of busy) await scene.valueOf(watched);
        assert.equal(await scene.within(refused, 'shrink() settles'), undefined, 'shrink() does not fail');
        await scene.until(() => pool.numProcesses === 1, 'one slot is left');
        assert.equal(pool.info['max-concurrency'], 1);
        (await Promise.race(['d', 'e'].map((label) => gate.arrival(label)))).release();
        await scene.within(Promise.race(behind.map(({ ended }) => ended)), 'the first of the two ends');
        const last = await Promise.all(['d', 'e'].map((label) => gate.arrival(label)));
        for (const arrival of last) arrival.release();
        for (const watched of behind) await scene.valueOf(watched);
        await scene.assertWhole(pool);
      },
      none,
    );

    suite.test(
      'after shrink(), no more jobs run at the same time than it allows',
      async (scene) => {
        const pool = await scene.start({ limit: 3 });
        await scene.within(pool.shrink(2), 'the pool shrinks');
        const gate = await scene.gate();
        const labels = ['a', 'b', 'c'];
        const all = labels.map((label) => scene.watch(pool, 'gated', [gate.port, label]));
        const tally = new Tally(all);
        for (const [i, label] of labels.entries()) {
          const arrival = await gate.arrival(label);
          assert.equal(gate.labels.length, i + 1, 'one at a time');
          arrival.release();
        }
        for (const watched of all) await scene.valueOf(watched);
        assert.equal(tally.most, 1, 'one at a time');
      },
      none,
    );

    suite.test(
      'growing and shrinking under load loses nothing',
      async (scene) => {
        const pool = await scene.start({ limit: 2 });
        const all = Array.from({ length: 600 }, (_, i) =>
          scene.watch(pool, i % 3 === 0 ? 'addLater' : 'add', [i, 0]),
        );
        await scene.within(Promise.all([pool.grow(2), pool.shrink(1)]), 'it grows and shrinks');
        assert.equal(pool.limit, 3);
        await scene.within(pool.shrink(2), 'it shrinks');
        await scene.within(pool.grow(1), 'it grows');
        assert.equal(pool.limit, 2);
        for (const [i, watched] of all.entries()) assert.equal(await scene.valueOf(watched), i);
        await scene.assertWhole(pool);
      },
      none,
    );

    suite.test(
      'one slot must stay, and sizes are whole numbers',
      async (scene) => {
        const pool = await scene.start({ limit: 2 });
        await assert.rejects(pool.shrink(2), RangeError);
        for (const wrong of [0, -1, 1.5, Number.NaN, '1' as unknown as number]) {
          await assert.rejects(pool.grow(wrong), TypeError);
          await assert.rejects(pool.shrink(wrong), TypeError);
        }
        assert.equal(pool.limit, 2);
        assert.equal(pool.numProcesses, 2);
        await scene.assertWhole(pool);
      },
      none,
    );

    suite.test(
      'only a pool that runs can be resized',
      async (scene) => {
        const pool = scene.create({ limit: 2 });
        await assert.rejects(pool.grow(), PoolClosedError);
        await assert.rejects(pool.shrink(), PoolClosedError);
        await scene.within(pool.start(), 'the pool starts');
        await scene.within(pool.stop(), 'the pool stops');
        await assert.rejects(pool.grow(), PoolClosedError);
        assert.equal(pool.limit, 2);
      },
      none,
    );
  });
}
