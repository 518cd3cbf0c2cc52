// Runs before anything is installed, so it imports nothing but Node.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @typedef {object} LockedPackage
 * @property {string} [version]
 * @property {string} [integrity]
 * @property {boolean} [link]
 * @property {boolean} [optional]
 */

/** The folder of this repository. */
export const repositoryRoot = join(import.meta.dirname, '..', '..', '..');

/**
 * Installs what package-lock.json asks for, unless it is there.
 * @param {string} [root] The repository's folder.
 * @returns {boolean} Whether it had to.
 */
export function install(root = repositoryRoot) {
  if (isInstalled(root)) return false;
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error(`npm ci ended with ${status}`);
  return true;
}

/**
 * Whether node_modules is what package-lock.json asks for, by the copy of it that npm leaves in node_modules. Packages for
 * other machines are optional and need not be there.
 * @param {string} root
 */
export function isInstalled(root) {
  const copy = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(copy)) return false;
  const wanted = readLock(join(root, 'package-lock.json'));
  const present = readLock(copy);
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.includes('node_modules/')) return true;
    const found = present[path];
    if (!found) return entry.optional === true;
    return (
      found.version === entry.version && found.integrity === entry.integrity && found.link === entry.link
    );
  });
}

/**
 * @param {string} file
 * @returns {Record<string, LockedPackage>}
 */
function readLock(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}
