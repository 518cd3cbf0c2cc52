import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @typedef {object} Manifest A package.json, as far as the checks read it.
 * @property {string} name
 * @property {string} version
 * @property {string} [description]
 * @property {boolean} [private]
 * @property {boolean} [sideEffects]
 * @property {string} [type]
 * @property {string} [license]
 * @property {string[]} [files]
 * @property {Record<string, string>} [publishConfig]
 * @property {Record<string, string>} [engines]
 * @property {Record<string, unknown>} [exports]
 * @property {Record<string, string>} [scripts]
 * @property {Record<string, string>} [bin]
 * @property {Record<string, string>} [dependencies]
 * @property {Record<string, string>} [devDependencies]
 * @property {Record<string, string>} [peerDependencies]
 * @property {Record<string, string>} [optionalDependencies]
 * @property {{ tags?: string[] }} [nx]
 * @property {{ directory?: string }} [repository]
 */

/**
 * @typedef {object} Package A workspace of the repository.
 * @property {string} name The name in its manifest.
 * @property {string} folder Its absolute folder.
 * @property {Manifest} manifest
 */

/** The folder of this repository. */
export const repositoryRoot = join(import.meta.dirname, '..', '..', '..');

/**
 * Reads the workspace in a folder.
 * @param {string} folder
 * @returns {Package}
 */
export function readPackage(folder) {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return { name: manifest.name, folder, manifest };
}

/**
 * Reads all workspaces of a repository, by name.
 * @param {string} [root] The repository's folder.
 * @returns {Map<string, Package>}
 */
export function readWorkspace(root = repositoryRoot) {
  const packages = new Map();
  for (const group of ['packages', 'tools']) {
    const groupFolder = join(root, group);
    if (!existsSync(groupFolder)) continue;
    for (const entry of readdirSync(groupFolder).sort()) {
      const folder = join(groupFolder, entry);
      if (!existsSync(join(folder, 'package.json'))) continue;
      const found = readPackage(folder);
      packages.set(found.name, found);
    }
  }
  return packages;
}
