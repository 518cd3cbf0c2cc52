import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pack } from '../src/tarball.mjs';
import { scratchRepository } from './scratch-repository.mjs';

/** @type {ReturnType<typeof scratchRepository>} */
let repository;

beforeAll(() => {
  repository = scratchRepository(['message']);
  repository.write('packages/message/README.md', '# planted\n');
  run('npm', ['run', '--silent', 'build']);
}, 60_000);
afterAll(() => repository[Symbol.dispose]());

/** @param {string} file @param {string[]} args */
function run(file, args) {
  const { status, stdout, stderr } = spawnSync(file, args, {
    cwd: repository.folder('message'),
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}

describe('the check of a tarball', { timeout: 120_000 }, () => {
  test('passes on what the build makes', () => {
    expect(run('npm', ['run', '--silent', 'tarball'])).toEqual({ status: 0, output: '' });
    expect(pack(repository.folder('message'), repository.root).names).toEqual(
      expect.arrayContaining([
        'LICENSE',
        'README.md',
        'package.json',
        'dist/index.js',
        'dist/index.d.ts',
        'src/index.ts',
      ]),
    );
  });

  describe('fails', () => {
    /** @type {ReturnType<typeof run>} */
    let outcome;

    beforeAll(() => {
      repository.remove('packages/message/README.md');
      repository.write('packages/message/LICENSE', 'another\n');
      repository.write('packages/message/dist/old.js', '');
      repository.remove('packages/message/dist/index.js.map');
      repository.changeManifest('message', (manifest) => {
        manifest.sideEffects = true;
        manifest.engines.node = '>=22';
        manifest.exports['./gone'] = { types: './dist/gone.d.ts', default: './dist/gone.js' };
        manifest.exports['./shape'] = './dist/index.js';
        manifest.bin = { planted: './dist/index.js' };
        manifest.dependencies = { '@pool/core': '^9.0.0' };
        manifest.main = './dist/missing.js';
      });
      repository.addPackages(['core']);
      outcome = run('npm', ['run', '--silent', 'tarball']);
    }, 60_000);

    test.each([
      ['on a missing README', 'the tarball lacks README.md'],
      ['on another license', "LICENSE is not the repository's"],
      ['on a stale file', 'the tarball has dist/old.js, which src does not explain'],
      ['on a file that the build forgot', 'the tarball lacks dist/index.js.map'],
      ['on side effects', 'package.json "sideEffects" is not false'],
      ['on other engines', 'package.json "engines" is not {"node":">=20.19.0"}'],
      ['on an export that the build does not make', 'package.json exports "./gone" from ./dist/gone.js'],
      ['on an export without types', 'package.json exports "./shape" not as { types, default }'],
      ['on a command that cannot run', './dist/index.js does not begin with #!/usr/bin/env node'],
      ['on a sister package in another version', 'package.json wants @pool/core ^9.0.0, not ^0.1.0'],
      ['on what publint finds', 'publint: pkg.main is ./dist/missing.js but the file does not exist'],
      ['on what attw finds', 'attw: '],
    ])('%s', (_, line) => {
      expect(outcome.status).toBe(1);
      expect(outcome.output).toContain(`@pool/message: ${line}`);
    });
  });
});
