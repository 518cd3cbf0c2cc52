import type { BasePool, PoolCapabilities } from '@pool/core';
import type { CreateOptions } from '@pool/testkit/pool';
import { describe, it } from 'vitest';
import { NicePool } from './fixtures/dist/guide/nice-pool.js';
import { mutants } from './fixtures/dist/mutants.js';
import { SlotPool } from './fixtures/dist/slot-pool.js';
import { record } from './support/recording-runner.js';

/** In seconds: long enough for what is right, short enough to wait for what is wrong. */
const patience = 2;

for (const { flaw, area, fails, create, module } of mutants) {
  describe.concurrent(`a pool that ${flaw}`, () => {
    for (const beginning of fails) {
      it(`fails "${beginning}…" (${area})`, { timeout: 120_000 }, async ({ expect }) => {
        const tests = record({ name: flaw, create, module, patience, areas: [area] });
        const [test, ...others] = tests.filter(({ title }) => title.startsWith(beginning));
        expect(others).toEqual([]);
        expect(test?.title).toBeDefined();
        expect(test?.run).toBeDefined();
        expect(await test?.run?.()).toBeInstanceOf(Error);
      });
    }
  });
}

describe('the flawed pools', () => {
  const incapable: PoolCapabilities = {
    functions: false,
    parallel: false,
    hardKill: false,
    terminateJob: false,
    softLimit: false,
    isolatedMemory: false,
    isolatedCrashes: false,
    resize: false,
    restart: false,
    recycle: false,
  };
  const module = { url: 'file:///nowhere.js', export: 'Pool' };
  const pools: ((options: CreateOptions) => BasePool)[] = [
    (options) => new SlotPool(options),
    (options) => new NicePool(options),
    (options) => Object.assign(new SlotPool(options), { capabilities: incapable }),
  ];
  const tests = pools.flatMap((create) => record({ name: 'any', create, module }));
  const titles = new Set(tests.filter(({ run }) => run).map(({ area, title }) => `${area}: ${title}`));

  for (const known of titles) {
    it(`one of them fails "${known}"`, ({ expect }) => {
      const found = mutants.some(({ area, fails }) =>
        fails.some((start) => known.startsWith(`${area}: ${start}`)),
      );
      expect(found).toBe(true);
    });
  }
});
