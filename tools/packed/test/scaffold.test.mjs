import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pack } from '@pool/checks/tarball';
import { readWorkspace, repositoryRoot } from '@pool/checks/workspace';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** @type {string} */
let home;
/** @type {Record<string, string>} */
let tarballs;

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'pool-scaffold-'));
  const workspace = readWorkspace();
  const names = ['core', 'message', 'transport', 'results', 'testkit', 'create'].map(
    (name) => `@pool/${name}`,
  );
  tarballs = Object.fromEntries(
    names.map((name) => [name, `file:${pack(workspace.get(name)?.folder ?? '', home).file}`]),
  );
  const { '@pool/create': create } = tarballs;
  writeFileSync(
    join(home, 'package.json'),
    JSON.stringify({ private: true, dependencies: { '@pool/create': create } }),
  );
  run(home, 'npm', 'install', '--offline', '--no-audit', '--no-fund', '--loglevel=error');
}, 300_000);
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** @param {string} folder @param {string} file @param {string[]} args */
function run(folder, file, ...args) {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(file, args, { cwd: folder, env, encoding: 'utf8' });
  expect(status, stdout + stderr).toBe(0);
  return stdout;
}

/**
 * Lets the new package find what is not published: our tarballs, and this repository's compiler.
 * @param {string} folder
 */
function useTarballs(folder) {
  const file = join(folder, 'package.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8'));
  /** @param {Record<string, string>} ranges */
  const local = (ranges) =>
    Object.fromEntries(
      Object.keys(ranges).map((name) => [
        name,
        tarballs[name] ?? `file:${join(repositoryRoot, 'node_modules', name)}`,
      ]),
    );
  manifest.dependencies = local(manifest.dependencies);
  manifest.devDependencies = local(manifest.devDependencies);
  const named = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
  manifest.overrides = Object.fromEntries(Object.entries(tarballs).filter(([name]) => !named.includes(name)));
  writeFileSync(file, JSON.stringify(manifest));
}

describe('a package made by npm create @pool', { timeout: 240_000 }, () => {
  test.each(['pool', 'transport'])('is a %s that compiles and passes its conformance suite', (kind) => {
    run(home, 'npm', 'exec', '--offline', '--', 'create-pool', kind, `@acme/pool-${kind}-lanes`, kind);
    const folder = join(home, kind);
    useTarballs(folder);
    run(folder, 'npm', 'install', '--offline', '--no-audit', '--no-fund', '--loglevel=error');
    run(folder, 'npm', 'run', 'build');
    const report = run(folder, 'npm', 'test');
    expect(report).toMatch(/^\S+ pass [1-9]\d+$/m);
    expect(report).toMatch(/^\S+ fail 0$/m);
  });
});
