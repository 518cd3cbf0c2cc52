import assert from 'node:assert/strict';
import type { Suite } from '../suite.js';

/** What a job's callbacks are told, in which order, and what becomes of those that throw. */
export function callbacks(suite: Suite): void {
  suite.area('callbacks', () => {
    suite.test('success: accept, then the value', async (scene) => {
      const pool = await scene.start();
      const watched = scene.watch(pool, 'add', [1, 2]);
      assert.equal(await scene.valueOf(watched), 3);
      assert.deepEqual(watched.kinds, ['accept', 'success']);
    });

    suite.test('failure: accept, then what happened', async (scene) => {
      const pool = await scene.start();
      const watched = scene.watch(pool, 'fail', ['no']);
      assert.equal((await scene.failureOf(watched)).message, 'no');
      assert.deepEqual(watched.kinds, ['accept', 'failure']);
    });

    suite.test('acceptance names what runs the job, and the time', async (scene) => {
      const pool = await scene.start();
      const watched = scene.watch(pool, 'whoami');
      await scene.valueOf(watched);
      const [accept] = watched.told;
      assert.ok(accept?.kind === 'accept');
      assert.equal(accept.pid, watched.job?.pid);
      assert.equal(accept.time, watched.job?.acceptedAt);
    });

    suite.test('acceptance is told while the job runs, not after it', async (scene) => {
      const pool = await scene.start();
      const gate = await scene.gate();
      const watched = scene.watch(pool, 'gated', [gate.port, 'held']);
      const arrival = await gate.arrival('held');
      await scene.within(watched.accepted, 'the job is accepted while it runs');
      assert.deepEqual(watched.kinds, ['accept']);
      arrival.release();
      await scene.valueOf(watched);
    });

    for (const [name, target] of [
      ['acceptCallback', 'addLater'],
      ['callback', 'addLater'],
      ['errorCallback', 'failLater'],
    ] as const) {
      suite.test(`a throwing ${name} is logged, and the pool goes on`, async (scene) => {
        const pool = await scene.start();
        let calls = 0;
        const options = {
          [name]: () => {
            calls += 1;
            throw new Error(`thrown by ${name}`);
          },
        };
        const job = pool.applyAsync(scene.target(target), [1, 2], {}, options);
        const settled = await scene.within(
          job.result.then(
            () => 'success',
            () => 'failure',
          ),
          'the job ends',
        );
        assert.equal(settled, target === 'failLater' ? 'failure' : 'success');
        assert.equal(job.state, settled);
        assert.equal(calls, 1, `${name} is called once`);
        assert.ok(
          scene.logger.lines.some((line) => line.includes(`thrown by ${name}`)),
          'what the callback threw is logged',
        );
        await scene.assertWhole(pool);
      });
    }

    suite.test('a throwing timeoutCallback is logged, and the pool goes on', async (scene) => {
      const pool = await scene.start();
      const gate = await scene.gate();
      const job = pool.applyAsync(
        scene.target('never'),
        [gate.port, 'held'],
        {},
        {
          timeout: 0.2,
          timeoutCallback: () => {
            throw new Error('thrown by timeoutCallback');
          },
        },
      );
      await assert.rejects(scene.within(job.result, 'the job ends'), { name: 'TimeLimitExceeded' });
      assert.ok(scene.logger.lines.some((line) => line.includes('thrown by timeoutCallback')));
      await scene.assertWhole(pool);
    });

    suite.test('a callback may hand in the next job', async (scene) => {
      const pool = await scene.start({ limit: 1 });
      const last = new Promise<unknown>((resolve) => {
        const handIn = (left: number): void => {
          const callback = (value: unknown): void => (left === 0 ? resolve(value) : handIn(left - 1));
          pool.applyAsync(scene.target('add'), [left, 0], {}, { callback });
        };
        handIn(20);
      });
      assert.equal(await scene.within(last, 'the chain of jobs ends'), 0);
    });

    suite.test('a callback may stop the pool', async (scene) => {
      const pool = await scene.start({ limit: 1 });
      const gate = await scene.gate();
      const stopped = new Promise<void>((resolve, reject) => {
        const options = { callback: () => pool.stop().then(resolve, reject) };
        pool.applyAsync(scene.target('gated'), [gate.port, 'first'], {}, options);
      });
      const behind = scene.watch(pool, 'add', [3, 4]);
      (await gate.arrival('first')).release();
      await scene.within(stopped, 'the pool stops');
      assert.equal(await scene.valueOf(behind), 7, 'what was handed in before still runs');
    });

    suite.test('a listener of an event that throws takes neither the pool nor a job down', async (scene) => {
      const pool = scene.create();
      for (const event of ['started', 'apply', 'preShutdown', 'postShutdown'] as const) {
        pool.once(event, () => {
          throw new Error(`thrown by a listener of ${event}`);
        });
      }
      await scene.within(pool.start(), 'the pool starts');
      assert.equal(await scene.run(pool, 'add', [1, 2]), 3);
      await scene.within(pool.stop(), 'the pool stops');
      assert.equal(scene.logger.lines.filter((line) => line.includes('thrown by a listener')).length, 4);
    });

    suite.test('terminate() ends all, also when a callback throws what propagates', async (scene) => {
      class Stop extends Error {}
      const pool = await scene.start({ limit: 1, callbacksPropagate: [Stop] });
      const gate = await scene.gate();
      let ended = false;
      pool.once('postShutdown', () => {
        ended = true;
      });
      const errorCallback = (): void => {
        throw new Stop('enough');
      };
      const first = pool.applyAsync(scene.target('never'), [gate.port, 'first'], {}, { errorCallback });
      const second = scene.watch(pool, 'add', [1, 2]);
      await gate.arrival('first');
      await scene.within(assert.rejects(pool.terminate(), Stop), 'terminate() rejects with what propagates');
      assert.equal(first.state, 'failure');
      await scene.failureOf(second);
      assert.equal(ended, true, 'the capacity is released all the same');
    });
  });
}
