import assert from 'node:assert/strict';
import { TargetNotFoundError } from '@pool/core';
import { jobOf } from '../scene.js';
import type { Suite } from '../suite.js';

/** Enough that a queue which grows badly, or loses one in a thousand, shows. */
const MANY = 10_000;

/** What a job is, and that each one ends. */
export function jobs(suite: Suite): void {
  suite.area('jobs', () => {
    suite.test('a job goes from pending through accepted to success', async (scene) => {
      const pool = await scene.start({ limit: 1 });
      const gate = await scene.gate();
      const before = performance.now() / 1000;
      const first = scene.watch(pool, 'gated', [gate.port, 'first', 'value']);
      const arrival = await gate.arrival('first');
      await scene.within(first.accepted, 'the job is accepted');
      const job = jobOf(first);
      assert.equal(job.state, 'accepted');
      assert.equal(job.ready, false);
      assert.equal(typeof job.pid, 'number');
      const acceptedAt = job.acceptedAt ?? Number.NaN;
      assert.ok(acceptedAt >= before && acceptedAt <= performance.now() / 1000, 'acceptedAt is on our clock');
      const second = scene.watch(pool, 'nothing');
      assert.equal(jobOf(second).state, 'pending');
      assert.equal(jobOf(second).pid, undefined);
      assert.equal(pool.unfinished, 2);
      const { result } = job;
      arrival.release();
      assert.equal(await scene.valueOf(first), 'value');
      assert.equal(await scene.within(result, 'the result comes'), 'value');
      assert.equal(await job.result, 'value', 'also when it is asked for after the end');
      assert.equal(job.state, 'success');
      assert.equal(job.ready, true);
      await scene.ending(second);
      assert.equal(pool.unfinished, 0);
    });

    suite.test('every job has an id of its own and keeps its correlation id', async (scene) => {
      const pool = await scene.start();
      const all = ['a', 'b', 'c'].map((correlationId) =>
        scene.watch(pool, 'contextOf', [], { correlationId }),
      );
      const ids = new Set(all.map((watched) => jobOf(watched).id));
      assert.equal(ids.size, 3);
      assert.deepEqual(
        all.map((watched) => jobOf(watched).correlationId),
        ['a', 'b', 'c'],
      );
    });

    suite.test('a target learns from currentJob() which job it is', async (scene) => {
      const pool = await scene.start();
      const watched = scene.watch(pool, 'contextOf', [], { correlationId: 'task-1' });
      assert.deepEqual(await scene.valueOf(watched), { id: jobOf(watched).id, correlationId: 'task-1' });
    });

    suite.test('targets may be synchronous, asynchronous, thenable, or reached by dots', async (scene) => {
      const pool = await scene.start();
      assert.equal(await scene.run(pool, 'add', [1, 2]), 3);
      assert.equal(await scene.run(pool, 'addLater', [1, 2]), 3);
      assert.equal(await scene.run(pool, 'thenable', ['value']), 'value');
      assert.equal(await scene.run(pool, 'nested.inner.deep'), 'found');
      assert.equal((await scene.run(pool, 'nothing')) ?? undefined, undefined);
    });

    suite.test('keyword arguments come as one last object, and none as nothing', async (scene) => {
      const pool = await scene.start();
      const both = scene.watch(pool, 'echo', [1], {}, { y: 2 });
      assert.deepEqual(await scene.valueOf(both), [1, { y: 2 }]);
      const none = scene.watch(pool, 'echo', [1], {}, {});
      assert.deepEqual(await scene.valueOf(none), [1]);
    });

    suite.test('a job runs exactly once', async (scene) => {
      const pool = await scene.start({ limit: suite.slots });
      const { join } = await import('node:path');
      const { readFile } = await import('node:fs/promises');
      const file = join(await scene.folder(), 'trace');
      const lines = Array.from({ length: 50 }, (_, i) => `job ${i}`);
      for (const watched of lines.map((line) => scene.watch(pool, 'leaveTrace', [file, line])))
        await scene.valueOf(watched);
      const written = (await readFile(file, 'utf8')).trimEnd().split('\n');
      assert.deepEqual(written.sort(), [...lines].sort());
    });

    suite.test(
      `${MANY.toLocaleString('en')} tiny jobs each end once, with their own value`,
      async (scene) => {
        const pool = await scene.start({ limit: suite.slots });
        const all = Array.from({ length: MANY }, (_, i) => scene.watch(pool, 'add', [i, 1]));
        for (const [i, watched] of all.entries()) assert.equal(await scene.valueOf(watched), i + 1);
        assert.equal(pool.unfinished, 0);
      },
    );

    suite.test('a reference to nothing fails its job and says what is missing', async (scene) => {
      const pool = await scene.start();
      for (const target of [
        scene.target('noSuchExport'),
        scene.target('notAFunction'),
        scene.target('nested.inner.missing'),
        { module: new URL('./no-such-module.js', import.meta.url).href, name: 'add' },
      ]) {
        const info = await scene.failureOf(scene.watch(pool, target));
        assert.ok(info.toError() instanceof TargetNotFoundError, `a TargetNotFoundError, not ${info}`);
        assert.ok(info.message.includes(target.name), info.message);
      }
      await scene.assertWhole(pool);
    });

    suite.test('wrong arguments are refused with a TypeError and leave no job behind', async (scene) => {
      const pool = await scene.start();
      const target = scene.target('add');
      const wrong: readonly unknown[][] = [
        [undefined],
        ['add'],
        [{ module: 1, name: 'add' }],
        [target, 'not an array'],
        [target, [], 'not an object'],
        [target, [], {}, { timeout: 0 }],
        [target, [], {}, { timeout: Number.NaN }],
        [target, [], {}, { softTimeout: -1 }],
      ];
      const apply = pool.applyAsync.bind(pool) as (...args: unknown[]) => unknown;
      for (const args of wrong) assert.throws(() => apply(...args), TypeError);
      assert.equal(pool.unfinished, 0);
      await scene.assertWhole(pool);
    });
  });
}
