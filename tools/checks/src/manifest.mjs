import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** @import { Manifest, Package } from './workspace.mjs' */

/**
 * Finds what a published package's manifest lacks or has different from its sisters.
 * @param {Package} of
 * @param {ReadonlyMap<string, Package>} workspace
 * @returns {string[]} One line a problem.
 */
export function manifestProblems(of, workspace) {
  const { manifest, folder } = of;
  const wanted = {
    name: `@pool/${basename(folder)}`,
    license: 'MIT',
    type: 'module',
    sideEffects: false,
    engines: { node: '>=20.19.0' },
    publishConfig: { access: 'public' },
    files: ['dist', 'src', '!**/*.tsbuildinfo'],
  };
  const problems = [];
  for (const [field, value] of Object.entries(wanted)) {
    if (JSON.stringify(manifest[/** @type {keyof Manifest} */ (field)]) !== JSON.stringify(value)) {
      problems.push(`package.json "${field}" is not ${JSON.stringify(value)}`);
    }
  }
  if (!manifest.description) problems.push('package.json has no "description"');
  if (manifest.private) problems.push('package.json says "private"');
  if (manifest.repository?.directory !== `packages/${basename(folder)}`) {
    problems.push(`package.json "repository.directory" is not "packages/${basename(folder)}"`);
  }
  return [...problems, ...exportProblems(of), ...binProblems(of), ...siblingProblems(of, workspace)];
}

/** @param {Package} of */
function exportProblems({ manifest, folder }) {
  const problems = [];
  const { './package.json': own, ...entries } = manifest.exports ?? {};
  if (own !== './package.json') problems.push('package.json does not export "./package.json"');
  if (Object.keys(entries).length === 0) problems.push('package.json exports nothing');
  for (const [subpath, value] of Object.entries(entries)) {
    const { types, require: cjs, default: file } = /** @type {Record<string, string>} */ (value);
    const shape = JSON.stringify(value) === JSON.stringify({ types, require: cjs, default: file });
    const twin = file?.replace(/\.js$/, '.cjs') ?? '';
    if (cjs !== undefined && (cjs !== twin || !existsSync(join(folder, twin)))) {
      problems.push(`package.json exports "${subpath}" to require() from ${cjs}, not from a built ${twin}`);
    }
    if (!shape || !file?.startsWith('./dist/') || types !== file.replace(/\.js$/, '.d.ts')) {
      problems.push(`package.json exports "${subpath}" not as { types, default } of one file in dist`);
    } else if (!existsSync(join(folder, file))) {
      problems.push(`package.json exports "${subpath}" from ${file}, which the build does not make`);
    }
  }
  return problems;
}

/** @param {Package} of */
function binProblems({ manifest, folder }) {
  return Object.values(manifest.bin ?? {}).flatMap((file) => {
    if (!existsSync(join(folder, file)))
      return [`package.json "bin" names ${file}, which the build does not make`];
    const text = readFileSync(join(folder, file), 'utf8');
    return text.startsWith('#!/usr/bin/env node\n')
      ? []
      : [`${file} does not begin with #!/usr/bin/env node`];
  });
}

/**
 * What a user installs of this repository must be published, and have the version that stands in it.
 * @param {Package} of
 * @param {ReadonlyMap<string, Package>} workspace
 */
function siblingProblems({ manifest }, workspace) {
  const problems = [];
  const { dependencies, peerDependencies, optionalDependencies } = manifest;
  for (const [name, range] of Object.entries({
    ...dependencies,
    ...peerDependencies,
    ...optionalDependencies,
  })) {
    const sibling = workspace.get(name)?.manifest;
    if (!sibling) continue;
    if (sibling.private) problems.push(`package.json depends on ${name}, which is never published`);
    if (range !== `^${sibling.version}`)
      problems.push(`package.json wants ${name} ${range}, not ^${sibling.version}`);
  }
  return problems;
}
