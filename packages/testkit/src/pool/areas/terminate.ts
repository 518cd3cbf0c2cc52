import assert from 'node:assert/strict';
import { TERMINATE, Terminated } from '@pool/core';
import { jobOf } from '../scene.js';
import type { Suite } from '../suite.js';
import { rejectionOf } from '../within.js';

/** Ending jobs, and the pool, before they are done. */
export function terminate(suite: Suite): void {
  const none = suite.lacks('terminateJob');

  suite.area('terminate', () => {
    suite.test('terminate() ends running and waiting jobs, each once', async (scene) => {
      const pool = await scene.start({ limit: suite.slots });
      const gate = await scene.gate();
      const all = Array.from({ length: suite.slots * 4 }, (_, i) =>
        scene.watch(pool, 'never', [gate.port, `job ${i}`]),
      );
      await gate.arrival('job 0');
      const { result } = jobOf(all[0] ?? assert.fail());
      const rejection = rejectionOf(result);
      await scene.within(pool.terminate(), 'the pool terminates');
      assert.equal(pool.state, TERMINATE);
      assert.equal(pool.unfinished, 0);
      for (const watched of all) {
        const info = await scene.failureOf(watched);
        assert.equal(info.code, Terminated.code, String(info));
      }
      assert.ok((await rejection) instanceof Terminated);
    });

    suite.test(
      'terminate() stops a busy loop',
      async (scene) => {
        const pool = await scene.start({ limit: 1 });
        const gate = await scene.gate();
        scene.watch(pool, 'busyAfterKnock', [gate.port, 'busy']);
        const arrival = await gate.arrival('busy');
        await scene.within(pool.terminate(), 'the pool terminates');
        await scene.within(arrival.gone, 'what ran the busy loop is gone');
      },
      suite.lacks('hardKill'),
    );

    suite.test('terminate() under load ends every job exactly once', async (scene) => {
      const pool = await scene.start({ limit: suite.slots });
      const all = Array.from({ length: 500 }, (_, i) =>
        scene.watch(pool, i % 2 === 0 ? 'addLater' : 'add', [i, 0]),
      );
      await scene.ending(all[10] ?? assert.fail());
      await scene.within(pool.terminate(), 'the pool terminates');
      for (const watched of all) {
        const ending = await scene.ending(watched);
        if (ending.kind === 'failure') assert.equal(ending.info.code, Terminated.code);
        else assert.equal(ending.kind, 'success');
      }
    });

    suite.test(
      'terminateJob() ends a running job and leaves its neighbours alone',
      async (scene) => {
        const pool = await scene.start({ limit: suite.slots });
        const gate = await scene.gate();
        const neighbour = suite.slots > 1 ? scene.watch(pool, 'gated', [gate.port, 'neighbour']) : undefined;
        const held = scene.watch(pool, 'never', [gate.port, 'held']);
        const waiting = scene.watch(pool, 'add', [1, 2]);
        const arrival = await gate.arrival('held');
        assert.equal(await scene.within(jobOf(held).terminate(), 'terminate() resolves'), true);
        assert.equal(jobOf(held).ready, true, 'the job has ended when terminate() resolves');
        const info = await scene.failureOf(held);
        assert.ok(info.toError() instanceof Terminated, String(info));
        if (suite.capabilities.hardKill) await scene.within(arrival.gone, 'what ran it is gone');
        if (neighbour !== undefined) {
          (await gate.arrival('neighbour')).release();
          assert.equal(await scene.valueOf(neighbour), 'neighbour');
        }
        assert.equal(await scene.valueOf(waiting), 3, 'the slot is free for the next');
        await scene.assertWhole(pool);
      },
      none,
    );

    suite.test(
      'terminateJob() aborts the signal of a job that heeds it',
      async (scene) => {
        const pool = await scene.start({ limit: 1 });
        const gate = await scene.gate();
        const held = scene.watch(pool, 'cooperative', [gate.port, 'held']);
        const arrival = await gate.arrival('held');
        await scene.within(pool.terminateJob(jobOf(held)), 'terminateJob() resolves');
        const info = await scene.failureOf(held);
        assert.equal(info.code, Terminated.code, String(info));
        await scene.within(arrival.gone, 'its code has stopped');
        await scene.assertWhole(pool);
      },
      none,
    );

    suite.test(
      'terminateJob() stops a busy loop',
      async (scene) => {
        const pool = await scene.start({ limit: 1 });
        const gate = await scene.gate();
        const held = scene.watch(pool, 'busyAfterKnock', [gate.port, 'busy']);
        const arrival = await gate.arrival('busy');
        assert.equal(await scene.within(jobOf(held).terminate('SIGKILL'), 'terminate() resolves'), true);
        assert.equal((await scene.failureOf(held)).code, Terminated.code);
        await scene.within(arrival.gone, 'what ran the busy loop is gone');
        await scene.assertWhole(pool);
      },
      none,
      suite.lacks('hardKill'),
    );

    suite.test(
      'a job that waits can be ended and is never started',
      async (scene) => {
        const pool = await scene.start({ limit: 1 });
        const gate = await scene.gate();
        const held = scene.watch(pool, 'gated', [gate.port, 'held']);
        const arrival = await gate.arrival('held');
        const waiting = scene.watch(pool, 'gated', [gate.port, 'waiting']);
        const behind = scene.watch(pool, 'add', [1, 2]);
        assert.equal(await scene.within(jobOf(waiting).terminate(), 'terminate() resolves'), true);
        assert.equal(jobOf(waiting).ready, true, 'the job has ended when terminate() resolves');
        assert.equal((await scene.failureOf(waiting)).code, Terminated.code);
        assert.deepEqual(waiting.kinds, ['failure']);
        assert.equal(jobOf(held).state, 'accepted', 'the one that runs goes on');
        arrival.release();
        assert.equal(await scene.valueOf(held), 'held');
        assert.equal(await scene.valueOf(behind), 3);
        assert.deepEqual(gate.labels, ['held']);
      },
      none,
    );

    suite.test(
      'ending a job that has ended does not hit the one after it',
      async (scene) => {
        const pool = await scene.start({ limit: 1 });
        const gate = await scene.gate();
        const first = scene.watch(pool, 'add', [1, 2]);
        await scene.valueOf(first);
        const second = scene.watch(pool, 'gated', [gate.port, 'second']);
        const arrival = await gate.arrival('second');
        assert.equal(await scene.within(jobOf(first).terminate(), 'terminate() resolves'), false);
        arrival.release();
        assert.equal(await scene.valueOf(second), 'second');
      },
      none,
    );

    suite.test(
      'ending a job at the moment it ends hits no other',
      async (scene) => {
        const pool = await scene.start({ limit: 1 });
        for (let round = 0; round < 10; round++) {
          const first = scene.watch(pool, 'addLater', [round, 0]);
          const second = scene.watch(pool, 'addLater', [round, 1]);
          await scene.within(first.accepted, 'the job is accepted');
          await scene.within(jobOf(first).terminate(), 'terminate() resolves');
          const { kind } = await scene.ending(first);
          assert.ok(kind === 'success' || kind === 'failure');
          assert.equal(await scene.valueOf(second), round + 1, 'the second is not hit');
        }
      },
      none,
    );

    suite.test(
      'a job of another pool is refused',
      async (scene) => {
        const [one, two] = [await scene.start(), await scene.start()];
        const gate = await scene.gate();
        const watched = scene.watch(one, 'gated', [gate.port, 'held']);
        const arrival = await gate.arrival('held');
        await assert.rejects(two.terminateJob(jobOf(watched)), TypeError);
        arrival.release();
        assert.equal(await scene.valueOf(watched), 'held');
      },
      none,
    );
  });
}
