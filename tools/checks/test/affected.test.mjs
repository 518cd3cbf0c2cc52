import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { scratchRepository } from './scratch-repository.mjs';

/** @type {ReturnType<typeof scratchRepository>} */
let repository;

beforeAll(() => {
  repository = scratchRepository(['message', 'transport', 'core']);
  for (const name of ['message', 'transport', 'core']) {
    // The tests of the packages stay out: one that always passes shows which of them would run.
    repository.write(
      `packages/${name}/test/planted.test.ts`,
      "import { test } from 'vitest';\ntest('passes', () => {});\n",
    );
    repository.changeManifest(name, (manifest) => delete manifest.devDependencies);
  }
  run();
}, 300_000);
afterAll(() => repository[Symbol.dispose]());

/** Builds and tests everything, as far as the cache has no answer, and says what had to run. */
function run() {
  // This test is run by nx too, which tells its children so.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('NX_')));
  const nx = join(repository.root, 'node_modules/.bin/nx');
  const { status, stdout, stderr } = spawnSync(nx, ['run-many', '-t', 'build,test'], {
    cwd: repository.root,
    env,
    encoding: 'utf8',
  });
  expect(status, stdout + stderr).toBe(0);
  /** @type {{ taskId: string, cacheStatus: string }[]} */
  const tasks = JSON.parse(readFileSync(join(repository.root, '.nx/cache/run.json'), 'utf8')).tasks;
  return tasks
    .filter(({ cacheStatus }) => cacheStatus === 'cache-miss')
    .map(({ taskId }) => taskId)
    .sort();
}

describe('a change in', { timeout: 120_000 }, () => {
  test('nothing runs nothing', () => {
    expect(run()).toEqual([]);
  });

  test('the source of a package rebuilds and retests it and what depends on it', () => {
    repository.write('packages/message/src/index.ts', "export const changed: string = 'yes';\n");
    expect(run()).toEqual([
      '@pool/message:build',
      '@pool/message:test',
      '@pool/transport:build',
      '@pool/transport:test',
    ]);
  });

  test('the source of a package that nothing depends on rebuilds and retests only that', () => {
    repository.write('packages/transport/src/index.ts', "export const changed: string = 'yes';\n");
    expect(run()).toEqual(['@pool/transport:build', '@pool/transport:test']);
  });

  test('a test runs only the tests of its package', () => {
    const text = "import { test } from 'vitest';\ntest('passes too', () => {});\n";
    repository.write('packages/message/test/planted.test.ts', text);
    expect(run()).toEqual(['@pool/message:test']);
  });
});
