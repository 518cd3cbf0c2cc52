import assert from 'node:assert/strict';
import { CLOSE, INITIAL, PoolClosedError, RUN, TERMINATE } from '@pool/core';
import type { Suite } from '../suite.js';
import { rejectionOf } from '../within.js';

/** States, and the calls that change them. */
export function lifecycle(suite: Suite): void {
  suite.area('lifecycle', () => {
    suite.test('a new pool is not started and does nothing', async (scene) => {
      const pool = scene.create({ limit: suite.slots });
      assert.equal(pool.state, INITIAL);
      assert.equal(pool.active, false);
      assert.equal(pool.limit, suite.slots);
      assert.equal(pool.unfinished, 0);
      assert.equal(pool.didStartOk(), false);
    });

    suite.test('start() resolves when every slot is ready', async (scene) => {
      const pool = scene.create({ limit: suite.slots });
      let ready = 0;
      let spawned = 0;
      pool.on('childSpawned', () => {
        spawned += 1;
      });
      pool.on('childReady', () => {
        ready += 1;
      });
      await scene.within(pool.start(), 'the pool starts');
      assert.equal(pool.state, RUN);
      assert.equal(pool.active, true);
      assert.equal(pool.didStartOk(), true);
      assert.equal(pool.numProcesses, suite.slots);
      if (spawned > 0) assert.ok(ready >= suite.slots, `${ready} of ${suite.slots} children are ready`);
      assert.equal(await scene.run(pool, 'add', [2, 3]), 5);
    });

    suite.test('a second start() waits for the same end', async (scene) => {
      const pool = scene.create();
      const first = pool.start();
      const second = pool.start().then(() => pool.state);
      await scene.within(Promise.all([first, second]), 'both start() resolve');
      assert.equal(await second, RUN);
      await scene.within(pool.start(), 'start() of a pool that runs resolves');
      await scene.assertWhole(pool);
    });

    suite.test('applyAsync() before start() throws PoolClosedError', async (scene) => {
      const pool = scene.create();
      assert.throws(() => pool.applyAsync(scene.target('add'), [1, 2]), PoolClosedError);
      assert.equal(pool.unfinished, 0);
    });

    suite.test(
      'jobs handed in while the pool starts run if it queues early, else they are refused',
      async (scene) => {
        const pool = scene.create({ limit: suite.slots });
        const started = pool.start();
        if (pool.state === INITIAL && !pool.queuesEarly)
          assert.throws(() => pool.applyAsync(scene.target('add'), [1, 2]), PoolClosedError);
        else {
          const jobs = [1, 2, 3].map((i) => scene.watch(pool, 'add', [i, i]));
          const endings = await scene.within(Promise.all(jobs.map(({ ended }) => ended)), 'early jobs end');
          assert.deepEqual(
            endings,
            [2, 4, 6].map((value) => ({ kind: 'success', value })),
          );
        }
        await scene.within(started, 'the pool starts');
        await scene.assertWhole(pool);
      },
    );

    suite.test('what was handed in while the pool started ends with it', async (scene) => {
      const pool = scene.create({ limit: suite.slots });
      const started = rejectionOf(pool.start());
      const jobs = pool.queuesEarly ? [1, 2, 3].map((i) => scene.watch(pool, 'add', [i, i])) : [];
      await scene.within(pool.terminate(), 'the pool terminates');
      for (const { kind } of await scene.within(
        Promise.all(jobs.map(({ ended }) => ended)),
        'early jobs end',
      ))
        assert.equal(kind, 'failure');
      assert.ok((await started) instanceof PoolClosedError, 'start() rejects with a PoolClosedError');
    });

    suite.test('close() takes nothing new, and stop() ends the pool', async (scene) => {
      const pool = await scene.start();
      await scene.within(pool.close(), 'the pool closes');
      assert.equal(pool.state, CLOSE);
      assert.equal(pool.active, false);
      assert.throws(() => pool.applyAsync(scene.target('add'), [1, 2]), PoolClosedError);
      await scene.within(pool.stop(), 'the pool stops');
      assert.equal(pool.state, TERMINATE);
      assert.throws(() => pool.applyAsync(scene.target('add'), [1, 2]), PoolClosedError);
    });

    suite.test('close() twice is close() once', async (scene) => {
      const pool = await scene.start();
      await scene.within(Promise.all([pool.close(), pool.close()]), 'both close() resolve');
      await scene.within(pool.close(), 'close() of a closed pool resolves');
      await scene.within(pool.stop(), 'the pool stops');
      await scene.within(pool.close(), 'close() of a pool that has ended resolves');
      assert.equal(pool.state, TERMINATE);
    });

    suite.test('a second stop() waits for the same end', async (scene) => {
      const pool = await scene.start();
      const gate = await scene.gate();
      const held = scene.watch(pool, 'gated', [gate.port, 'held']);
      const arrival = await gate.arrival('held');
      const order: string[] = [];
      void held.ended.then(() => order.push('job'));
      const stops = [pool.stop(), pool.stop()].map((stop) => stop.then(() => order.push('stop')));
      arrival.release();
      await scene.within(Promise.all(stops), 'both stop() resolve');
      assert.deepEqual(order, ['job', 'stop', 'stop']);
      assert.equal(pool.state, TERMINATE);
      await scene.within(pool.stop(), 'stop() of a pool that has ended resolves');
    });

    suite.test('a second terminate() waits for the same end', async (scene) => {
      const pool = await scene.start();
      await scene.within(Promise.all([pool.terminate(), pool.terminate()]), 'both terminate() resolve');
      assert.equal(pool.state, TERMINATE);
      await scene.within(pool.terminate(), 'terminate() of a pool that has ended resolves');
      await scene.within(pool.stop(), 'stop() of a pool that has ended resolves');
    });

    suite.test('stop() while the pool starts ends it', async (scene) => {
      const pool = scene.create({ limit: suite.slots });
      const started = rejectionOf(pool.start());
      await scene.within(pool.stop(), 'the pool stops');
      const failure = await scene.within(started, 'start() settles');
      if (failure !== undefined) assert.ok(PoolClosedError.isInstance(failure), String(failure));
      assert.equal(pool.state, TERMINATE);
      assert.throws(() => pool.applyAsync(scene.target('add')), PoolClosedError);
    });

    suite.test('terminate() while the pool starts ends it, and start() rejects', async (scene) => {
      const pool = scene.create({ limit: suite.slots });
      const started = rejectionOf(pool.start());
      await scene.within(pool.terminate(), 'the pool terminates');
      const failure = await scene.within(started, 'start() settles');
      assert.ok(failure instanceof PoolClosedError, 'start() rejects with a PoolClosedError');
      assert.equal(pool.state, TERMINATE);
    });

    suite.test('a pool that never started can be stopped, closed and terminated', async (scene) => {
      for (const end of ['close', 'stop', 'terminate'] as const) {
        const pool = scene.create();
        await scene.within(pool[end](), `${end}() resolves`);
        await assert.rejects(pool.start(), PoolClosedError);
        await scene.within(pool.stop(), 'stop() resolves');
        assert.equal(pool.state, TERMINATE);
      }
    });

    suite.test('a pool that has ended does not start again', async (scene) => {
      const pool = await scene.start();
      await scene.within(pool.stop(), 'the pool stops');
      await assert.rejects(pool.start(), PoolClosedError);
      assert.equal(pool.state, TERMINATE);
    });

    suite.test('terminate() after stop() cuts the waiting short', async (scene) => {
      const pool = await scene.start();
      const gate = await scene.gate();
      const held = scene.watch(pool, 'never', [gate.port, 'held']);
      await gate.arrival('held');
      const stopped = pool.stop();
      await scene.within(pool.terminate(), 'the pool terminates');
      await scene.within(stopped, 'stop() resolves as well');
      await scene.failureOf(held);
      assert.equal(pool.state, TERMINATE);
    });

    suite.test('leaving the scope of `await using` stops the pool', async (scene) => {
      const pool = await scene.start();
      const sum = scene.watch(pool, 'addLater', [1, 2]);
      await scene.within(pool[Symbol.asyncDispose](), 'the pool stops');
      assert.equal(pool.state, TERMINATE);
      assert.deepEqual(sum.kinds, ['accept', 'success']);
    });

    suite.test('two pools live side by side', async (scene) => {
      const [one, two] = [await scene.start(), await scene.start()];
      assert.equal(await scene.run(one, 'add', [1, 1]), 2);
      await scene.within(one.stop(), 'one of them stops');
      assert.equal(await scene.run(two, 'add', [2, 2]), 4);
    });
  });
}
