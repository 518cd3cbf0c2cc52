import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Kind } from './kinds.js';
import { manifest } from './manifest.js';
import { nameOf, type ScaffoldNames } from './names.js';
import { ScaffoldError } from './scaffold-error.js';

/** What to scaffold. */
export interface ScaffoldOptions {
  readonly kind: Kind;
  /** The new package's name on npm. */
  readonly name: string;
  /** Where it goes: a folder that does not exist or is empty. */
  readonly folder: string;
}

const TEMPLATES = fileURLToPath(new URL('../src/templates/', import.meta.url));
const ENDING = '.template';

/**
 * Writes a package with a pool or a transport that works, and a test that it keeps the contract.
 * @returns The files, relative to the folder.
 * @throws {ScaffoldError} the name is none, or the folder has something in it
 */
export async function scaffold({ kind, name, folder }: ScaffoldOptions): Promise<string[]> {
  const names = nameOf(kind, name);
  if (existsSync(folder) && (await readdir(folder)).length > 0) {
    throw new ScaffoldError(`${folder} has files in it; name an empty folder, or one that does not exist`);
  }
  const files = new Map([['package.json', `${JSON.stringify(manifest(kind, names), null, 2)}\n`]]);
  for (const group of ['common', kind]) {
    for (const [path, text] of await readTemplates(join(TEMPLATES, group))) {
      files.set(fill(path, names), fill(text, names));
    }
  }
  for (const [path, text] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return [...files.keys()].sort();
}

async function readTemplates(folder: string): Promise<[path: string, text: string][]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const templates = entries.filter((entry) => entry.isFile() && entry.name.endsWith(ENDING));
  return await Promise.all(
    templates.map(async (entry): Promise<[string, string]> => {
      const file = join(entry.parentPath, entry.name);
      return [relative(folder, file).slice(0, -ENDING.length), await readFile(file, 'utf8')];
    }),
  );
}

/** Puts names where a template, or its path, has `__stem__`, `__className__` and so on. */
function fill(text: string, names: ScaffoldNames): string {
  return text.replace(/__(packageName|stem|className|file)__/g, (_, key: keyof ScaffoldNames) => names[key]);
}
