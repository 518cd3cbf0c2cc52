import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The folder of this repository. */
export const repositoryRoot = join(import.meta.dirname, '..', '..', '..');

/**
 * @typedef {object} Document
 * @property {string} path Relative to the repository.
 * @property {string} text
 */

/**
 * All documents that people read: those of the repository, of `docs`, and each package's own.
 * @returns {Document[]}
 */
export function readDocuments() {
  const paths = [...markdownIn('.'), ...markdownIn('docs', true)];
  for (const group of ['packages', 'tools']) {
    for (const name of readdirSync(join(repositoryRoot, group)))
      paths.push(...markdownIn(`${group}/${name}`));
  }
  return paths.map((path) => ({ path, text: readFileSync(join(repositoryRoot, path), 'utf8') }));
}

/** @param {string} folder @param {boolean} [recursive] */
function markdownIn(folder, recursive = false) {
  const absolute = join(repositoryRoot, folder);
  if (!existsSync(absolute)) return [];
  try {
    const entries = readdirSync(absolute, { recursive, encoding: 'utf8' });
    return entries
      .filter((name) => name.endsWith('.md') && name !== 'CHANGELOG.md')
      .map((name) => join(folder, name));
  } catch {
    // A file, such as tools/build.mjs, is no folder.
    return [];
  }
}
