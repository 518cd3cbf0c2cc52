import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from './documents.mjs';

/** @import { Document } from './documents.mjs' */

/**
 * @typedef {object} Example A fenced block that is marked to be checked.
 * @property {string} file Its name: what its first line says as a comment, or the line it stands at.
 * @property {string} text
 */

/**
 * Finds the examples of a document that must compile.
 * @param {string} text
 * @returns {Example[]}
 */
export function findExamples(text) {
  return [...text.matchAll(/^```ts check\n(.*?)^```$/gms)].map((match) => {
    const code = match[1] ?? '';
    const line = text.slice(0, match.index).split('\n').length;
    return { file: /^\/\/ ([\w-]+\.ts)\b/.exec(code)?.[1] ?? `line-${line}.ts`, text: code };
  });
}

/**
 * Compiles the examples of documents as a user would, against the packages as they are built.
 * @param {readonly Document[]} documents
 * @returns {Map<string, string[]>} What the compiler says, by document.
 */
export function compileExamples(documents) {
  const modules = join(import.meta.dirname, '..', 'node_modules');
  mkdirSync(modules, { recursive: true });
  // Below a node_modules, so that the packages are found, and in no other place that tools look at.
  const folder = mkdtempSync(join(modules, '.examples-'));
  try {
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(CONFIGURATION));
    /** @type {Map<string, { path: string, examples: Example[] }>} */
    const homes = new Map();
    for (const { path, text } of documents)
      homes.set(`${homes.size}`, { path, examples: findExamples(text) });
    for (const [home, { examples }] of homes) {
      mkdirSync(join(folder, home));
      for (const { file, text } of examples) writeFileSync(join(folder, home, file), text);
    }
    const tsc = join(repositoryRoot, 'node_modules/typescript/bin/tsc');
    const { stdout } = spawnSync(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], {
      cwd: folder,
      encoding: 'utf8',
    });
    /** @type {Map<string, string[]>} */
    const problems = new Map();
    for (const line of stdout.split('\n').filter((text) => text !== '')) {
      const [, home = '', rest = line] = /^(\d+)\/(.*)$/.exec(line) ?? [];
      const path = homes.get(home)?.path ?? 'the examples';
      problems.set(path, [...(problems.get(path) ?? []), rest]);
    }
    return problems;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const CONFIGURATION = {
  compilerOptions: {
    target: 'es2023',
    module: 'nodenext',
    types: ['node'],
    lib: ['es2023', 'esnext.disposable'],
    strict: true,
    exactOptionalPropertyTypes: true,
    moduleDetection: 'force',
    noEmit: true,
  },
  include: ['**/*.ts'],
};
