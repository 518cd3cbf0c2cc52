import assert from 'node:assert/strict';
import type { PoolCapabilities } from '@pool/core';
import { NotSupportedError } from '@pool/core';
import type { Suite } from '../suite.js';

const flags = [
  'functions',
  'parallel',
  'hardKill',
  'terminateJob',
  'isolatedMemory',
  'isolatedCrashes',
  'resize',
  'restart',
  'recycle',
] as const satisfies readonly (keyof PoolCapabilities)[];

/** What the pool declares of itself is well-formed, constant, and refused where it is declared absent. */
export function capabilities(suite: Suite): void {
  suite.area('capabilities', () => {
    suite.test('every capability is declared', async (scene) => {
      const declared = scene.create().capabilities;
      for (const flag of flags) assert.equal(typeof declared[flag], 'boolean', `capabilities.${flag}`);
      assert.ok(
        [false, 'signal', 'interrupt'].includes(declared.softLimit),
        "capabilities.softLimit is false, 'signal' or 'interrupt'",
      );
    });

    suite.test('the declaration does not change when the pool runs and ends', async (scene) => {
      const pool = scene.create();
      const before = { ...pool.capabilities };
      await scene.within(pool.start(), 'the pool starts');
      assert.deepEqual({ ...pool.capabilities }, before);
      await scene.within(pool.stop(), 'the pool stops');
      assert.deepEqual({ ...pool.capabilities }, before);
    });

    suite.test('an unknown option is refused by its name', async (scene) => {
      const options = { noSuchOption: 1 } as object;
      assert.throws(() => scene.create(options), { name: 'TypeError', message: /noSuchOption/ });
    });

    suite.test(
      'functions are taken as targets',
      async (scene) => {
        const pool = await scene.start();
        assert.equal(await scene.valueOf(scene.watch(pool, (x: number) => x + 1, [1])), 2);
      },
      suite.lacks('functions'),
    );

    suite.test(
      'a function is refused as a target with a hint at references',
      async (scene) => {
        const pool = await scene.start();
        assert.throws(
          () => pool.applyAsync(() => 1),
          (error: unknown) => {
            assert.ok(NotSupportedError.isInstance(error), `a NotSupportedError, not ${String(error)}`);
            assert.equal(error.capability, 'functions');
            assert.match(error.message, /module/, 'the message says how to make it a reference');
            return true;
          },
        );
        assert.equal(pool.unfinished, 0, 'a refused job is not kept');
      },
      suite.has('functions'),
    );

    for (const [capability, title, call] of [
      ['resize', 'grow', (pool) => pool.grow()],
      ['resize', 'shrink', (pool) => pool.shrink()],
      ['restart', 'restart', (pool) => pool.restart()],
    ] as const satisfies readonly (readonly [
      keyof PoolCapabilities,
      string,
      (pool: { grow(): Promise<void>; shrink(): Promise<void>; restart(): Promise<void> }) => Promise<void>,
    ])[]) {
      suite.test(
        `${title}() is refused as not supported`,
        async (scene) => {
          const pool = await scene.start({ limit: suite.slots });
          const { limit } = pool;
          await assert.rejects(call(pool), (error) => isRefusal(error, capability));
          assert.equal(pool.limit, limit, 'a refused call changes nothing');
        },
        suite.has(capability),
      );
    }

    suite.test(
      'terminateJob() is refused as not supported, and the job goes on',
      async (scene) => {
        const pool = await scene.start();
        const gate = await scene.gate();
        const held = scene.watch(pool, 'gated', [gate.port, 'held']);
        const arrival = await gate.arrival('held');
        await assert.rejects(held.job?.terminate() ?? Promise.resolve(), (error) =>
          isRefusal(error, 'terminateJob'),
        );
        arrival.release();
        assert.equal(await scene.valueOf(held), 'held');
      },
      suite.has('terminateJob'),
    );

    suite.test(
      'an option for recycling is refused',
      async (scene) => {
        assert.throws(() => scene.create({ maxTasksPerChild: 1 }), { name: 'TypeError' });
      },
      suite.has('recycle'),
    );
  });
}

function isRefusal(error: unknown, capability: string): boolean {
  assert.ok(NotSupportedError.isInstance(error), `a NotSupportedError, not ${String(error)}`);
  assert.equal(error.capability, capability);
  return true;
}
