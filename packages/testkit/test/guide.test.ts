import { readFile } from 'node:fs/promises';
import { describe, it } from 'vitest';

const guide = await readFile(new URL('../../../docs/writing-a-pool.md', import.meta.url), 'utf8');
const examples = [...guide.matchAll(/<!-- the same as (\S+) .*-->\n```ts\n\/\/ \S+\n([\s\S]*?)```\n/g)];

describe('the guide to writing a pool', () => {
  it('has its examples', ({ expect }) => {
    const names = examples.map(([, name]) => name);
    expect(names).toEqual(['lane-pool.ts', 'nice-pool.ts', 'nice-child.ts', 'lane-pool-conformance.ts']);
  });

  for (const [, name, code] of examples) {
    it(`shows ${name} as it is compiled and tested`, async ({ expect }) => {
      expect(code).toBe(await readFile(new URL(`./fixtures/src/guide/${name}`, import.meta.url), 'utf8'));
    });
  }
});
