import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageConformance } from '@pool/testkit/package';
import { describe, expect, it } from 'vitest';
import { collect } from './support/recording-runner.js';

const good = {
  name: 'pool-nice',
  type: 'module',
  exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
  files: ['dist'],
  engines: { node: '>=20.19.0' },
  dependencies: { '@pool/core': '^0.1.0' },
};

/** The titles of the tests that a package with this manifest fails. */
async function failures(manifest: object): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'pool-testkit-'));
  try {
    await mkdir(join(folder, 'dist'));
    for (const file of ['index.js', 'index.d.ts']) await writeFile(join(folder, 'dist', file), '');
    await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
    const tests = collect((runner) => packageConformance({ ...runner, folder }));
    const failed: string[] = [];
    for (const { title, run } of tests) if ((await run?.()) !== undefined) failed.push(title);
    return failed;
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('packageConformance', () => {
  it('passes a package that is as it should be', async () => {
    expect(await failures(good)).toEqual([]);
  });

  for (const [flaw, change, title] of [
    ['is CommonJS', { type: 'commonjs' }, 'it is an ES module'],
    ['has no exports', { exports: undefined }, 'it exports by a map'],
    ['exports what is not there', { exports: { '.': './lib/index.js' } }, 'it exports by a map'],
    ['has no types', { exports: { '.': './dist/index.js' } }, 'its entries have types'],
    ['packs everything', { files: undefined }, 'it says which files'],
    ['has no engines', { engines: undefined }, 'it says which Nodes'],
    ['does not depend on the core', { dependencies: {} }, 'it depends on'],
    ['pins the core', { dependencies: { '@pool/core': '0.1.0' } }, 'it depends on'],
    ['runs scripts', { scripts: { postinstall: 'node spy.js' } }, 'it runs nothing'],
  ] as const) {
    it(`fails a package that ${flaw}`, async () => {
      const failed = await failures({ ...good, ...change });
      expect(failed.some((name) => name.startsWith(title))).toBe(true);
    });
  }
});

packageConformance({
  describe,
  it,
  folder: new URL('../', import.meta.url),
});
