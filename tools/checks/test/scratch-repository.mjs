import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '../src/workspace.mjs';

/**
 * A copy of this repository's configuration and of some of its packages, without tests, to break on purpose.
 * @param {readonly string[]} packages Their folder names.
 */
export function scratchRepository(packages) {
  const root = mkdtempSync(join(tmpdir(), 'pool-checks-'));
  for (const file of [
    '.gitignore',
    'biome.json',
    'tsconfig.base.json',
    'tools/clean.mjs',
    'tools/checks/src',
    'tools/checks/bin',
  ]) {
    cpSync(join(repositoryRoot, file), join(root, file), { recursive: true });
  }
  for (const name of packages) {
    for (const file of ['package.json', 'tsconfig.lib.json', 'src']) {
      cpSync(join(repositoryRoot, 'packages', name, file), join(root, 'packages', name, file), {
        recursive: true,
      });
    }
  }
  symlinkSync(join(repositoryRoot, 'node_modules'), join(root, 'node_modules'), 'dir');
  return {
    root,
    /** @param {string} file @param {string} text */
    write(file, text) {
      writeFileSync(join(root, file), text);
    },
    [Symbol.dispose]() {
      rmSync(root, { recursive: true, force: true });
    },
  };
}
