import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { repositoryRoot } from './install.mjs';

/** @import { TaskResult } from './tasks.mjs' */

/**
 * Checks that every package that changed since the main branch has a changeset.
 * @returns {TaskResult | undefined} Nothing where there is no main branch to compare with, as in a shallow clone.
 */
export function checkChangesets() {
  const base = ['main', 'origin/main'].find((branch) => git('merge-base', 'HEAD', branch));
  if (base === undefined) return undefined;
  const changeset = join(repositoryRoot, 'node_modules/.bin/changeset');
  const run = spawnSync(changeset, ['status', '--since', base], { cwd: repositoryRoot, encoding: 'utf8' });
  if (run.status !== 0) console.error(run.stdout + run.stderr);
  return { package: 'all packages', target: 'changesets', ok: run.status === 0, cached: false };
}

/** @param {string[]} args */
function git(...args) {
  return spawnSync('git', args, { cwd: repositoryRoot }).status === 0;
}
