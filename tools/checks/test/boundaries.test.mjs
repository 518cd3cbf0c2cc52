import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { scratchRepository } from './scratch-repository.mjs';

/** @type {ReturnType<typeof scratchRepository>} */
let repository;

beforeEach(() => {
  repository = scratchRepository(['core', 'message', 'transport', 'solo', 'green', 'app', 'worker']);
});
afterEach(() => repository[Symbol.dispose]());

/**
 * Lints a package as `npm run lint` does.
 * @param {string} name
 */
function lint(name) {
  return run(name, 'npm', ['run', '--silent', 'lint']);
}

/**
 * Runs the part of `lint` that looks at boundaries, which is the quick one.
 * @param {string} name
 */
function check(name) {
  return run(name, process.execPath, ['../../tools/checks/bin/boundaries.mjs']);
}

/** @param {string} name @param {string} file @param {string[]} args */
function run(name, file, args) {
  const { status, stdout, stderr } = spawnSync(file, args, {
    cwd: repository.folder(name),
    encoding: 'utf8',
  });
  return { failed: status !== 0, output: stdout + stderr };
}

/** @param {string} text */
function plant(text, file = 'packages/solo/src/planted.ts') {
  repository.write(file, `${text}\n`);
}

describe('lint passes', () => {
  test('on a test that imports its own package by name', () => {
    repository.write('packages/solo/test/planted.test.ts', "export * from '@pool/solo';\n");
    expect(check('solo').output).not.toContain('planted');
  });

  test('on a package as it is', () => {
    expect(lint('solo')).toEqual({ failed: false, output: expect.any(String) });
  });
});

describe('lint fails as a whole on an import', () => {
  test.each([
    ['by package name', "export { GreenPool } from '@pool/green';"],
    ['by relative path', "export * from '../../green/src/index.js';"],
    ['by deep path', "export * from '@pool/core/dist/index.js';"],
  ])('%s', (_, text) => {
    plant(text);
    expect(lint('solo').failed).toBe(true);
  });
});

describe('the check of boundaries fails on an import', () => {
  test.each([
    ['by package name', "export { GreenPool } from '@pool/green';", '@pool/green'],
    ['of a type by package name', "export type { GreenPool } from '@pool/green';", '@pool/green'],
    ['inside a type', "export type Planted = import('@pool/green').GreenPool;", '@pool/green'],
    ['at run time', "export const planted: Promise<unknown> = import('@pool/green');", '@pool/green'],
    ['by relative path', "export * from '../../green/src/index.js';", '../../green/src/index.js'],
    [
      'by relative path to what it may import by name',
      "export * from '../../core/src/index.js';",
      '../../core/src',
    ],
    ['by deep path', "export * from '@pool/core/dist/index.js';", '@pool/core/dist/index.js'],
    ['of a dependency that only its tests have', "export * from '@pool/testkit/pool';", '@pool/testkit'],
    ['of a package of the root only', "export { expect } from 'vitest';", 'vitest'],
    [
      'of a file outside src',
      "export const planted: URL = new URL('../../green/dist/child.js', import.meta.url);",
      '../../green/dist/child.js',
    ],
  ])('%s', (_, text, named) => {
    plant(text);
    const { failed, output } = check('solo');
    expect(failed).toBe(true);
    expect(output).toMatch(/^@pool\/solo: src\/planted\.ts:1 /m);
    expect(output).toContain(named);
  });
});

describe('the check of boundaries fails on a test that imports', () => {
  test.each([
    [
      'a package that its manifest does not name',
      "export * from '@pool/worker';",
      '@pool/worker, which is in neither',
    ],
    ['a file of another package', "export * from '../../core/src/index.js';", '../../core/src/index.js'],
    ['what another package does not export', "export * from '@pool/core/dist/index.js';", 'does not export'],
  ])('%s', (_, text, named) => {
    plant(text, 'packages/solo/test/planted.test.ts');
    const { failed, output } = check('solo');
    expect(failed).toBe(true);
    expect(output).toMatch(/^@pool\/solo: test\/planted\.test\.ts:1 /m);
    expect(output).toContain(named);
  });
});

describe('the check of boundaries fails on a manifest', () => {
  test('that depends upwards', () => {
    repository.changeManifest('core', (manifest) => {
      manifest.dependencies = { '@pool/solo': '^0.1.0' };
    });
    expect(check('core').output).toContain('@pool/core (layer:1) must not import @pool/solo (layer:3)');
  });

  test('that depends sideways', () => {
    repository.changeManifest('solo', (manifest) => {
      manifest.dependencies['@pool/green'] = '^0.1.0';
    });
    expect(check('solo').output).toContain('@pool/solo (layer:3) must not import @pool/green (layer:3)');
  });

  test('of the worker that depends on a concrete pool', () => {
    repository.changeManifest('worker', (manifest) => {
      manifest.dependencies['@pool/solo'] = '^0.1.0';
    });
    expect(check('worker').output).toContain('@pool/worker (layer:5) must not import @pool/solo (layer:3)');
  });

  test('of a pool that depends on the contract of brokers', () => {
    repository.changeManifest('solo', (manifest) => {
      manifest.dependencies['@pool/transport'] = '^0.1.0';
    });
    expect(check('solo').output).toContain('@pool/solo (contract:core) must not import @pool/transport');
  });

  test('that depends on what those on another server share', () => {
    repository.addPackages(['redis', 'transport-redis', 'transport-sqs']);
    expect(check('transport-redis').failed).toBe(false);
    repository.changeManifest('transport-sqs', (manifest) => {
      manifest.dependencies['@pool/redis'] = '^0.1.0';
    });
    const problem = '@pool/transport-sqs must not import @pool/redis (server:redis)';
    expect(check('transport-sqs').output).toContain(problem);
  });

  test('without its row', () => {
    repository.changeManifest('solo', (manifest) => {
      manifest.nx.tags = [];
    });
    expect(check('solo').output).toContain('@pool/solo needs one nx tag of layer:1');
  });
});
