import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pack } from '@pool/checks/tarball';
import { readWorkspace, repositoryRoot } from '@pool/checks/workspace';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** @type {string} */
let project;

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'pool-packed-'));
  const workspace = readWorkspace();
  const tarball = (/** @type {string} */ name) =>
    `file:${pack(workspace.get(name)?.folder ?? '', project).file}`;
  const manifest = {
    private: true,
    dependencies: { '@pool/solo': tarball('@pool/solo') },
    // Until it is published, what solo depends on is a tarball too.
    overrides: { '@pool/core': tarball('@pool/core') },
  };
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest));
  run('npm', 'install', '--offline', '--no-audit', '--no-fund', '--loglevel=error');
}, 120_000);
afterAll(() => rmSync(project, { recursive: true, force: true }));

/** @param {string} file @param {string[]} args */
function run(file, ...args) {
  return execFileSync(file, args, { cwd: project, encoding: 'utf8' });
}

/** @param {string} name @param {string} text */
function write(name, text) {
  writeFileSync(join(project, name), text);
  return name;
}

const USE = `
  const pool = new SoloPool();
  await pool.start();
  const job = pool.applyAsync((x, y) => x + y, [2, 3]);
  console.log(await job.result);
  await pool.stop();
`;

describe('@pool/solo, installed alone', { timeout: 120_000 }, () => {
  test('brings @pool/core and nothing else', () => {
    expect(readdirSync(join(project, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
      '@pool',
    ]);
    expect(readdirSync(join(project, 'node_modules/@pool')).sort()).toEqual(['core', 'solo']);
  });

  test('runs a task', () => {
    expect(run(process.execPath, write('use.mjs', `import { SoloPool } from '@pool/solo';${USE}`))).toBe(
      '5\n',
    );
  });

  test('can be required by CommonJS', () => {
    const text = `const { SoloPool } = require('@pool/solo'); (async () => {${USE}})();`;
    expect(run(process.execPath, '--no-warnings', write('use.cjs', text))).toBe('5\n');
  });

  test.each(['nodenext', 'bundler'])('has types that TypeScript finds under %s', (resolution) => {
    write(
      'use.ts',
      "import { SoloPool } from '@pool/solo';\nexport const limit: number = new SoloPool().limit;\n",
    );
    const tsc = join(repositoryRoot, 'node_modules/typescript/bin/tsc');
    const module = resolution === 'bundler' ? 'esnext' : 'nodenext';
    const types = ['--typeRoots', join(repositoryRoot, 'node_modules/@types'), '--types', 'node'];
    const options = [
      '--noEmit',
      '--strict',
      '--target',
      'es2023',
      '--module',
      module,
      '--moduleResolution',
      resolution,
    ];
    expect(run(process.execPath, tsc, ...options, ...types, 'use.ts')).toBe('');
  });
});
