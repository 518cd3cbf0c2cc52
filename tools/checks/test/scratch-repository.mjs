import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '../src/workspace.mjs';

const CONFIGURATION = [
  '.gitignore',
  'LICENSE',
  'biome.json',
  'nx.json',
  'package-lock.json',
  'package.json',
  'tsconfig.base.json',
  'tools/build.mjs',
  'tools/checks/src',
  'tools/checks/bin',
  'tools/pipeline/src',
  'tools/servers/fingerprint.mjs',
  'vitest.shared.ts',
];

/**
 * A copy of this repository's configuration and of the manifests of some of its packages, each with one source file, to
 * break on purpose.
 * @param {readonly string[]} packages Their folder names.
 */
export function scratchRepository(packages) {
  const root = mkdtempSync(join(tmpdir(), 'pool-checks-'));
  const copy = (/** @type {string} */ file) => {
    if (existsSync(join(repositoryRoot, file)))
      cpSync(join(repositoryRoot, file), join(root, file), { recursive: true });
  };
  const repository = {
    root,

    /** @param {string} name */
    folder(name) {
      return join(root, 'packages', name);
    },

    /** @param {readonly string[]} names */
    addPackages(names) {
      for (const name of names) {
        for (const file of ['package.json', 'tsconfig.lib.json', 'vitest.config.ts', 'LICENSE'])
          copy(`packages/${name}/${file}`);
        for (const part of ['src', 'test']) mkdirSync(join(root, 'packages', name, part));
        repository.write(`packages/${name}/src/index.ts`, `export const name: string = '${name}';\n`);
        repository.changeManifest(name, (manifest) => {
          manifest.exports = { '.': manifest.exports['.'], './package.json': './package.json' };
          delete manifest.bin;
        });
      }
    },

    /** @param {string} file @param {string} text */
    write(file, text) {
      writeFileSync(join(root, file), text);
    },

    /** @param {string} file */
    remove(file) {
      rmSync(join(root, file), { recursive: true });
    },

    /** @param {string} name @param {(manifest: any) => void} change */
    changeManifest(name, change) {
      const file = `packages/${name}/package.json`;
      const manifest = JSON.parse(readFileSync(join(root, file), 'utf8'));
      change(manifest);
      repository.write(file, `${JSON.stringify(manifest, null, 2)}\n`);
    },

    [Symbol.dispose]() {
      rmSync(root, { recursive: true, force: true });
    },
  };
  for (const file of CONFIGURATION) copy(file);
  repository.addPackages(packages);
  symlinkSync(join(repositoryRoot, 'node_modules'), join(root, 'node_modules'), 'dir');
  return repository;
}
