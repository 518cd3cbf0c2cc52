import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { problemKindInfo } from '@arethetypeswrong/core/problems';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { repositoryRoot } from './workspace.mjs';

/** @import { Package } from './workspace.mjs' */

/**
 * Packs a built package and finds what is wrong with its tarball: a file too many or too few, a README or a license
 * missing, an entry that Node or TypeScript would not resolve.
 * @param {Package} of
 * @returns {Promise<string[]>} One line a problem.
 */
export async function tarballProblems(of) {
  const folder = mkdtempSync(join(tmpdir(), 'pool-tarball-'));
  try {
    const { file, names } = pack(of.folder, folder);
    return [
      ...fileProblems(names, expectedFiles(of)),
      ...licenseProblems(of.folder),
      ...(await publintProblems(file)),
      ...(await typesProblems(file)),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Makes a package's tarball.
 * @param {string} folder The package's.
 * @param {string} destination Where to put it.
 * @returns {{ file: string, names: string[] }} Its path, and the paths within it.
 */
export function pack(folder, destination) {
  const output = execFileSync(
    'npm',
    ['pack', '--json', '--loglevel=error', '--pack-destination', destination],
    {
      cwd: folder,
      encoding: 'utf8',
    },
  );
  const [report] = JSON.parse(output);
  const names = report.files.map((/** @type {{ path: string }} */ entry) => entry.path);
  return { file: join(destination, report.filename), names };
}

/**
 * The files that a package's tarball must have: its sources, what the compiler makes of each, what the build bundles as
 * CommonJS beside that, and the usual three.
 * @param {Package} of
 */
function expectedFiles({ folder, manifest }) {
  const files = ['LICENSE', 'README.md', 'package.json'];
  for (const [, bundled] of manifest.scripts?.['build']?.matchAll(/--cjs (\S+)\.js/g) ?? [])
    files.push(`${bundled}.cjs`, `${bundled}.cjs.map`);
  if (existsSync(join(folder, 'CHANGELOG.md'))) files.push('CHANGELOG.md');
  const entries = readdirSync(join(folder, 'src'), {
    recursive: true,
    withFileTypes: true,
    encoding: 'utf8',
  });
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const source = join(entry.parentPath, entry.name)
      .slice(join(folder, 'src').length + 1)
      .split(sep)
      .join('/');
    files.push(`src/${source}`);
    if (!source.endsWith('.ts') || source.endsWith('.d.ts')) continue;
    for (const made of ['.js', '.js.map', '.d.ts', '.d.ts.map'])
      files.push(`dist/${source.slice(0, -3)}${made}`);
  }
  return files;
}

/**
 * @param {readonly string[]} packed
 * @param {readonly string[]} expected
 */
export function fileProblems(packed, expected) {
  return [
    ...expected.filter((file) => !packed.includes(file)).map((file) => `the tarball lacks ${file}`),
    ...packed
      .filter((file) => !expected.includes(file))
      .map((file) => `the tarball has ${file}, which src does not explain`),
  ];
}

/** @param {string} folder */
function licenseProblems(folder) {
  const file = join(folder, 'LICENSE');
  const same =
    existsSync(file) && readFileSync(file, 'utf8') === readFileSync(join(repositoryRoot, 'LICENSE'), 'utf8');
  return same ? [] : ["LICENSE is not the repository's"];
}

/** @param {string} file */
async function publintProblems(file) {
  const { messages, pkg } = await publint({
    pack: { tarball: new Uint8Array(readFileSync(file)).buffer },
    strict: true,
  });
  return messages.map((message) => `publint: ${formatMessage(message, pkg, { color: false })}`);
}

/** How nobody is meant to resolve these packages, which are ES modules. */
const foreignResolutions = new Set(['node10', 'node16-cjs']);

/**
 * What TypeScript would not resolve as Node does. What is exported to `require()` is for the children of our pools, which
 * need no types of it.
 * @param {string} file
 */
async function typesProblems(file) {
  const analysis = await checkPackage(createPackageFromTarballData(new Uint8Array(readFileSync(file))));
  if (analysis.types === false) return ['attw: it has no types'];
  return analysis.problems
    .filter(
      (problem) =>
        problem.kind !== 'FalseESM' &&
        !('resolutionKind' in problem && foreignResolutions.has(problem.resolutionKind)),
    )
    .map((problem) => `attw: ${problemKindInfo[problem.kind].shortDescription} ${JSON.stringify(problem)}`);
}
