import assert from 'node:assert/strict';
import type { Suite } from '../suite.js';

/** What the pool says of itself while it runs. */
export function info(suite: Suite): void {
  suite.area('info', () => {
    suite.test('info has the keys that monitors read, in JSON values', async (scene) => {
      const pool = await scene.start({ limit: suite.slots });
      const { info } = pool;
      assert.equal(typeof info.implementation, 'string');
      assert.notEqual(info.implementation, '');
      assert.equal(info['max-concurrency'], suite.slots);
      assert.deepEqual(JSON.parse(JSON.stringify(info)), info);
    });

    suite.test('info can be asked for at any time', async (scene) => {
      const pool = scene.create({ limit: suite.slots });
      JSON.stringify(pool.info);
      await scene.within(pool.start(), 'the pool starts');
      const gate = await scene.gate();
      const watched = scene.watch(pool, 'gated', [gate.port, 'held']);
      const arrival = await gate.arrival('held');
      JSON.stringify(pool.info);
      arrival.release();
      await scene.valueOf(watched);
      await scene.within(pool.stop(), 'the pool stops');
      JSON.stringify(pool.info);
    });

    suite.test('numProcesses counts the slots, not the busy ones', async (scene) => {
      const pool = await scene.start({ limit: suite.slots });
      assert.equal(pool.numProcesses, suite.slots);
      const gate = await scene.gate();
      const watched = scene.watch(pool, 'gated', [gate.port, 'held']);
      const arrival = await gate.arrival('held');
      assert.equal(pool.numProcesses, suite.slots);
      arrival.release();
      await scene.valueOf(watched);
    });

    suite.test('a pool that lists its processes lists the ids that jobs are accepted with', async (scene) => {
      const pool = await scene.start({ limit: suite.slots });
      const { processes = [] } = pool.info;
      assert.ok(Array.isArray(processes));
      if (processes.length === 0) return;
      assert.equal(processes.length, suite.slots);
      const watched = scene.watch(pool, 'whoami');
      await scene.valueOf(watched);
      assert.ok(
        processes.includes(watched.job?.pid),
        `${watched.job?.pid} is one of ${processes.join(', ')}`,
      );
    });

    suite.test('the flags of the pool do not depend on its state', async (scene) => {
      const pool = scene.create();
      const flags = (): unknown[] => [
        pool.isGreen,
        pool.signalSafe,
        pool.usesSemaphore,
        pool.bodyCanBeBuffer,
        pool.taskJoinWillBlock,
        pool.putlocks,
      ];
      const before = flags();
      for (const flag of before) assert.equal(typeof flag, 'boolean');
      await scene.within(pool.start(), 'the pool starts');
      assert.deepEqual(flags(), before);
    });

    suite.test('maintainPool() may be called at any time', async (scene) => {
      const pool = scene.create();
      await scene.within(pool.maintainPool(), 'before it runs');
      await scene.within(pool.start(), 'the pool starts');
      await scene.within(pool.maintainPool(), 'while it runs');
      await scene.assertWhole(pool);
      await scene.within(pool.stop(), 'the pool stops');
      await scene.within(pool.maintainPool(), 'after its end');
    });
  });
}
