import { opendir } from 'node:fs/promises';
import { join } from 'node:path';

const LEFT_OUT = new Set(['node_modules', '.git', '.nx', '.pool', 'dist', '.test-report']);

/**
 * Lists the regular files below a folder, without what tools make or download.
 * @param {string} folder
 * @returns {Promise<string[]>} Paths, sorted.
 */
export async function listFiles(folder) {
  /** @type {string[]} */
  const files = [];
  for await (const entry of await opendir(folder)) {
    if (LEFT_OUT.has(entry.name) || entry.name.endsWith('.tsbuildinfo')) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) files.push(...(await listFiles(path)));
    else if (entry.isFile()) files.push(path);
  }
  return files.sort();
}
