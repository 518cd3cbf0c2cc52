import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Suite } from '../suite.js';

/** Whose memory a job can touch. */
export function isolation(suite: Suite): void {
  suite.area('isolation', () => {
    suite.test(
      'a job cannot touch the memory of the worker',
      async (scene) => {
        const pool = await scene.start({ limit: 1 });
        const key = `testkit ${randomUUID()}`;
        await scene.run(pool, 'setGlobal', [key, 'set by a job']);
        assert.equal((globalThis as Record<string, unknown>)[key], undefined);
      },
      suite.lacks('isolatedMemory'),
    );

    suite.test(
      'a job cannot change the environment of the worker',
      async (scene) => {
        const pool = await scene.start({ limit: 1 });
        const key = `TESTKIT_${randomUUID()}`;
        await scene.run(pool, 'setEnvironment', [key, 'set by a job']);
        assert.equal(process.env[key], undefined);
      },
      suite.lacks('isolatedMemory'),
    );

    suite.test(
      'a job cannot touch the memory of another that runs at the same time',
      async (scene) => {
        const pool = await scene.start({ limit: 2 });
        const gate = await scene.gate();
        const key = `testkit ${randomUUID()}`;
        const one = scene.watch(pool, 'setGlobalGated', [gate.port, 'one', key, 1]);
        const two = scene.watch(pool, 'setGlobalGated', [gate.port, 'two', key, 2]);
        const arrivals = [await gate.arrival('one'), await gate.arrival('two')];
        for (const arrival of arrivals) arrival.release();
        assert.deepEqual([await scene.valueOf(one), await scene.valueOf(two)], [1, 2]);
      },
      suite.lacks('isolatedMemory'),
      suite.single,
    );

    suite.test(
      'jobs share the memory of the worker',
      async (scene) => {
        const pool = await scene.start({ limit: 1 });
        const key = `testkit ${randomUUID()}`;
        const globals = globalThis as Record<string, unknown>;
        try {
          await scene.run(pool, 'setGlobal', [key, 'set by a job']);
          assert.equal(globals[key], 'set by a job', 'else the pool should declare isolatedMemory: true');
        } finally {
          delete globals[key];
        }
      },
      suite.has('isolatedMemory'),
    );

    suite.test(
      'a job cannot change the arguments its caller keeps',
      async (scene) => {
        const pool = await scene.start({ limit: 1 });
        const args = [[3, 1, 2]];
        assert.deepEqual(await scene.run(pool, 'sortInPlace', args), [1, 2, 3]);
        assert.deepEqual(args, [[3, 1, 2]]);
      },
      suite.lacks('isolatedMemory'),
    );
  });
}
