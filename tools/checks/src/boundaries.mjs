import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { findImports } from './imports.mjs';
import { importProblem, tagProblem } from './rows.mjs';

/**
 * @import { Import } from './imports.mjs'
 * @import { Package } from './workspace.mjs'
 */

const SOURCE_FILE = /\.[cm]?[jt]s$/;
// A fixture may be wrong on purpose, and is loaded by path, not imported.
const FIXTURES = /(^|[\\/])fixtures[\\/]/;

/**
 * Finds every way in which one package breaks the rules of the house: who may import whom, and how.
 *
 * `src` may import what the rows allow and the manifest declares, by name, and only what that package exports. Tests may
 * import any workspace that the manifest declares, but no file of another package.
 * @param {Package} of
 * @param {ReadonlyMap<string, Package>} workspace All packages, by name.
 * @returns {string[]} One line a problem; empty when all is well.
 */
export function boundaryProblems(of, workspace) {
  const ownTag = tagProblem(of);
  if (ownTag !== undefined) return [ownTag];
  const problems = manifestProblems(of, workspace);
  for (const [folder, check] of /** @type {const} */ ([
    ['src', sourceProblem],
    ['test', testProblem],
  ])) {
    for (const file of sourceFiles(join(of.folder, folder))) {
      for (const found of findImports(file, readFileSync(file, 'utf8'))) {
        const problem = check(of, workspace, file, found);
        if (problem) problems.push(`${relative(of.folder, file)}:${found.line} ${problem}`);
      }
    }
  }
  return problems;
}

/**
 * What a package makes its users install must be allowed by the rows too.
 * @param {Package} of
 * @param {ReadonlyMap<string, Package>} workspace
 */
function manifestProblems(of, workspace) {
  const problems = [];
  for (const name of runtimeDependencies(of)) {
    const other = workspace.get(name);
    const problem = other && importProblem(of, other);
    if (problem) problems.push(`package.json ${problem}`);
  }
  return problems;
}

/** @param {Package} of */
function runtimeDependencies({ manifest }) {
  const { dependencies, peerDependencies, optionalDependencies } = manifest;
  return Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies });
}

/**
 * @param {Package} of
 * @param {ReadonlyMap<string, Package>} workspace
 * @param {string} file
 * @param {Import} found
 * @returns {string | undefined}
 */
function sourceProblem(of, workspace, file, found) {
  if (found.asUrl || found.specifier.startsWith('.')) {
    // What is never packed may reach its own fixtures.
    return relativeProblem(of, of.manifest.private ? of.folder : join(of.folder, 'src'), file, found);
  }
  const name = packageName(found.specifier);
  if (name === undefined) return undefined;
  const other = workspace.get(name);
  if (other && other.name !== of.name) {
    const problem = importProblem(of, other) ?? exportProblem(other, found.specifier);
    if (problem) return problem;
  }
  if (other?.name === of.name) return exportProblem(of, found.specifier);
  if (runtimeDependencies(of).includes(name)) return undefined;
  // Only whoever installs a package needs its manifest to name libraries; a tool has those of the repository.
  if (of.manifest.private && !other) return undefined;
  return `imports ${name}, which is not in its dependencies`;
}

/**
 * @param {Package} of
 * @param {ReadonlyMap<string, Package>} workspace
 * @param {string} file
 * @param {Import} found
 * @returns {string | undefined}
 */
function testProblem(of, workspace, file, found) {
  if (found.asUrl) return undefined;
  if (found.specifier.startsWith('.')) return relativeProblem(of, of.folder, file, found);
  const name = packageName(found.specifier);
  const other = name === undefined ? undefined : workspace.get(name);
  if (!other) return undefined;
  if (
    other.name === of.name ||
    [...runtimeDependencies(of), ...Object.keys(of.manifest.devDependencies ?? {})].includes(other.name)
  ) {
    return exportProblem(other, found.specifier);
  }
  return `imports ${other.name}, which is in neither its dependencies nor its devDependencies`;
}

/**
 * @param {Package} of
 * @param {string} home The folder that a relative path must stay in.
 * @param {string} file
 * @param {Import} found
 */
function relativeProblem(of, home, file, found) {
  if (!found.specifier.startsWith('.')) return undefined;
  const target = join(dirname(file), found.specifier);
  // A package reads its own manifest by path, which is in every tarball.
  if (target === join(of.folder, 'package.json')) return undefined;
  if (target === home || target.startsWith(home + sep)) return undefined;
  return `reaches out of ${relative(of.folder, home) || 'its package'} by path: ${found.specifier}; import a package by its name`;
}

/**
 * @param {Package} other
 * @param {string} specifier
 */
function exportProblem(other, specifier) {
  const subpath = `.${specifier.slice(other.name.length)}`;
  if (subpath in (other.manifest.exports ?? {})) return undefined;
  return `imports ${specifier}, which ${other.name} does not export`;
}

/**
 * The package part of a bare specifier; nothing for what belongs to Node or to the file system.
 * @param {string} specifier
 */
function packageName(specifier) {
  if (isBuiltin(specifier) || /^[a-z]+:|^[/#]/i.test(specifier)) return undefined;
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0];
}

/** @param {string} folder */
function sourceFiles(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => SOURCE_FILE.test(file) && !FIXTURES.test(file))
    .sort()
    .map((file) => join(folder, file));
}
