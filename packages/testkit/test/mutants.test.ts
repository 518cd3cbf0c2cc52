import { describe, it } from 'vitest';
import { mutants } from './fixtures/dist/mutants.js';
import { record } from './support/recording-runner.js';

/** In seconds: long enough for what is right, short enough to wait for what is wrong. */
const patience = 2;

for (const { flaw, area, fails, create, module } of mutants) {
  describe.concurrent(`a pool that ${flaw}`, () => {
    for (const beginning of fails) {
      it(`fails "${beginning}…" (${area})`, { timeout: 60_000 }, async ({ expect }) => {
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
