import assert from 'node:assert/strict';
import { WorkerLostError } from '@pool/core';
import { type ExitGuard, guardExit } from '../guard-exit.js';
import { notApplicable } from '../runner.js';
import type { Scene } from '../scene.js';
import type { Suite } from '../suite.js';

/** Jobs that take down what runs them. */
export function loss(suite: Suite): void {
  const shared = suite.lacks('isolatedCrashes');

  suite.area('loss', () => {
    for (const code of [0, 1]) {
      suite.test(`process.exit(${code}) in a job is the loss of that job alone`, async (scene) => {
        const guard = guarded(scene, suite);
        const pool = await scene.start({ limit: suite.slots });
        const watched = scene.watch(pool, 'exit', [code]);
        const behind = scene.watch(pool, 'add', [1, 2]);
        const error = (await scene.failureOf(watched)).toError();
        assert.equal(guard?.reached ?? false, false, 'process.exit() must not end the process of the pool');
        assert.ok(error instanceof WorkerLostError, `a WorkerLostError, not ${String(error)}`);
        assert.equal(error.details.exitCode, code, 'the error knows the exit code');
        assert.equal(await scene.valueOf(behind), 3);
        await scene.assertWhole(pool);
      });
    }

    suite.test('process.exit() after an await is the loss of that job alone', async (scene) => {
      const guard = guarded(scene, suite);
      const pool = await scene.start({ limit: suite.slots });
      const gate = await scene.gate();
      const neighbour = suite.slots > 1 ? scene.watch(pool, 'gated', [gate.port, 'neighbour']) : undefined;
      const watched = scene.watch(pool, 'exitAfterGate', [gate.port, 'exits', 3]);
      const behind = scene.watch(pool, 'add', [1, 2]);
      (await gate.arrival('exits')).release();
      const error = (await scene.failureOf(watched)).toError();
      assert.equal(guard?.reached ?? false, false, 'process.exit() must not end the process of the pool');
      assert.ok(error instanceof WorkerLostError, `a WorkerLostError, not ${String(error)}`);
      assert.equal(error.details.exitCode, 3);
      if (neighbour !== undefined) {
        (await gate.arrival('neighbour')).release();
        assert.equal(await scene.valueOf(neighbour), 'neighbour', 'the neighbour is not hit');
      }
      assert.equal(await scene.valueOf(behind), 3);
      await scene.assertWhole(pool);
    });

    suite.test(
      'SIGKILL of what runs a job is the loss of that job alone',
      async (scene, context) => {
        const pool = await scene.start({ limit: suite.slots });
        const { pid } = (await scene.run(pool, 'whoami')) as { pid: number };
        if (pid === process.pid) return notApplicable(context, 'jobs run in the process of the pool');
        const gate = await scene.gate();
        const neighbour = suite.slots > 1 ? scene.watch(pool, 'gated', [gate.port, 'neighbour']) : undefined;
        const watched = scene.watch(pool, 'never', [gate.port, 'killed']);
        const waiting = Array.from({ length: 10 }, (_, i) => scene.watch(pool, 'add', [i, 0]));
        const arrival = await gate.arrival('killed');
        process.kill(arrival.visitor.pid, 'SIGKILL');
        const error = (await scene.failureOf(watched)).toError();
        assert.ok(error instanceof WorkerLostError, `a WorkerLostError, not ${String(error)}`);
        assert.equal(error.details.signal, 'SIGKILL', 'the error knows the signal');
        assert.match(error.message, /SIGKILL/);
        if (neighbour !== undefined) {
          (await gate.arrival('neighbour')).release();
          assert.equal(await scene.valueOf(neighbour), 'neighbour', 'the neighbour is not hit');
        }
        for (const [i, job] of waiting.entries()) assert.equal(await scene.valueOf(job), i);
        await scene.assertWhole(pool);
      },
      shared,
    );

    suite.test(
      'SIGKILL of an idle child costs no job',
      async (scene, context) => {
        const pool = await scene.start({ limit: suite.slots });
        const { pid } = (await scene.run(pool, 'whoami')) as { pid: number };
        if (pid === process.pid) return notApplicable(context, 'jobs run in the process of the pool');
        const gate = await scene.gate();
        await scene.run(pool, 'leaveLineOpen', [gate.port, 'idle']);
        const idle = await gate.arrival('idle');
        process.kill(idle.visitor.pid, 'SIGKILL');
        await scene.within(idle.gone, 'the child is gone');
        await scene.assertWhole(pool);
      },
      shared,
    );

    for (const target of ['throwAfterReturn', 'rejectUnheard']) {
      suite.test(
        `an error after a job has returned takes no result back (${target})`,
        async (scene) => {
          const pool = await scene.start({ limit: 1 });
          const watched = scene.watch(pool, target);
          assert.equal(await scene.valueOf(watched), 'returned');
          // What ran it may die of the error, with or without the next job on it; then it is replaced.
          for (let i = 0; i < 5; i++) {
            const next = await scene.ending(scene.watch(pool, 'idle', [0.01]));
            if (next.kind === 'failure')
              assert.equal(next.info.code, WorkerLostError.code, String(next.info));
          }
          await scene.assertWhole(pool);
        },
        shared,
      );
    }

    suite.test(
      'losses in a row cost no capacity',
      async (scene) => {
        const pool = await scene.start({ limit: suite.slots });
        const all = Array.from({ length: 3 }, () => [
          scene.watch(pool, 'exit', [1]),
          scene.watch(pool, 'add', [1, 2]),
        ]).flat();
        for (const [i, watched] of all.entries()) {
          if (i % 2 === 0) assert.equal((await scene.failureOf(watched)).code, WorkerLostError.code);
          else assert.equal(await scene.valueOf(watched), 3);
        }
        await scene.assertWhole(pool);
      },
      shared,
    );
  });
}

/** Stands in for `process.exit` until the pools of the test have ended, if jobs share our process. */
function guarded(scene: Scene, suite: Suite): ExitGuard | undefined {
  if (suite.capabilities.isolatedMemory) return undefined;
  const guard = guardExit();
  scene.defer(() => guard.restore());
  return guard;
}
