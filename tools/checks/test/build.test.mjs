import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { scratchRepository } from './scratch-repository.mjs';

/** @type {ReturnType<typeof scratchRepository>} */
let repository;

beforeEach(() => {
  repository = scratchRepository(['message']);
});
afterEach(() => repository[Symbol.dispose]());

function build() {
  const run = spawnSync('npm', ['run', '--silent', 'build'], {
    cwd: repository.folder('message'),
    encoding: 'utf8',
  });
  // nx asks for colours.
  return { status: run.status, output: stripVTControlCharacters(run.stdout + run.stderr) };
}

describe('build', () => {
  test('leaves nothing in dist when it fails', () => {
    expect(build()).toEqual({ status: 0, output: '' });
    repository.write('packages/message/src/planted.ts', "export const planted: number = 'text';\n");
    const { status, output } = build();
    expect(status).not.toBe(0);
    expect(output).toMatch(/src\/planted\.ts.*error TS2322/);
    expect(existsSync(join(repository.folder('message'), 'dist'))).toBe(false);
  });

  test('removes what src no longer explains', () => {
    mkdirSync(join(repository.folder('message'), 'dist'));
    repository.write('packages/message/dist/old.js', '');
    build();
    const dist = readdirSync(join(repository.folder('message'), 'dist'));
    expect(dist).toContain('index.js');
    expect(dist).not.toContain('old.js');
  });
});
