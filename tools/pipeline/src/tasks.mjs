import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from './install.mjs';

/**
 * @typedef {object} TaskResult How one target of one package ended.
 * @property {string} package
 * @property {string} target
 * @property {boolean} ok
 * @property {boolean} cached
 */

/**
 * Runs targets of all packages that have them, with nx.
 * @param {readonly string[]} targets
 * @returns {TaskResult[]} Those that ran or were found in the cache; one whose dependency failed is not among them.
 */
export function runTasks(targets) {
  const report = join(repositoryRoot, '.nx/cache/run.json');
  rmSync(report, { force: true });
  const { status } = nx(['run-many', '--targets', targets.join(',')], 'inherit');
  if (!existsSync(report)) throw new Error(`nx ended with ${status} before it ran anything`);
  return readTasks(readFileSync(report, 'utf8'));
}

/**
 * Builds packages and what they depend on, and says something only when that fails.
 * @param {readonly string[]} packages Their names.
 */
export function build(packages) {
  const { status, stdout } = nx(['run-many', '--targets', 'build', '--projects', packages.join(',')], 'pipe');
  if (status !== 0) throw new Error(`the build failed:\n${stdout}`);
}

/** @param {readonly string[]} args @param {'inherit' | 'pipe'} output */
function nx(args, output) {
  const file = join(repositoryRoot, 'node_modules/.bin/nx');
  return spawnSync(file, args, {
    cwd: repositoryRoot,
    stdio: ['ignore', output, 'inherit'],
    encoding: 'utf8',
  });
}

/**
 * @param {string} text What nx wrote about a run.
 * @returns {TaskResult[]}
 */
export function readTasks(text) {
  /** @type {{ projectName: string, target: string, status?: number, cacheStatus: string }[]} */
  const tasks = JSON.parse(text).tasks;
  return tasks
    .filter(({ status }) => status !== undefined)
    .map(({ projectName, target, status, cacheStatus }) => ({
      package: projectName,
      target,
      ok: status === 0,
      cached: cacheStatus !== 'cache-miss',
    }));
}
