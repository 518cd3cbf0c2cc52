import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

export const POOLS = /** @type {const} */ (['prefork', 'threads', 'green', 'solo']);

/** @typedef {(typeof POOLS)[number]} PoolName */

/**
 * @typedef {object} StartOptions
 * @property {readonly PoolName[]} pools Run one after the other.
 * @property {number | undefined} concurrency The pool's own default when not given.
 * @property {string} folder
 */

export const USAGE = `Usage: npm start -- [--pool NAME] [--concurrency N] [FOLDER]

Hashes and compresses every file of a folder: one task per file, through the file-system broker, to a worker process.

  -P, --pool NAME        ${POOLS.join(', ')}, or all to compare them (default: prefork)
  -c, --concurrency N    how many tasks at once (default: the pool's own)
  -h, --help             this text
  FOLDER                 default: this repository, without node_modules, .git and dist`;

/** What the user asked for cannot be done; the message says why. */
export class UsageError extends Error {}

/**
 * Reads the command line.
 * @param {readonly string[]} args
 * @param {string} defaultFolder
 * @returns {StartOptions | 'help'}
 */
export function readOptions(args, defaultFolder) {
  const { values, positionals } = parse(args);
  if (values.help) return 'help';
  return {
    pools: readPools(values.pool ?? 'prefork'),
    concurrency: values.concurrency === undefined ? undefined : readCount(values.concurrency),
    folder: readFolder(positionals, defaultFolder),
  };
}

/** @param {readonly string[]} args */
function parse(args) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        pool: { type: 'string', short: 'P' },
        concurrency: { type: 'string', short: 'c' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError(/** @type {Error} */ (error).message);
  }
}

/** @param {string} text @returns {readonly PoolName[]} */
function readPools(text) {
  if (text === 'all') return POOLS;
  const pool = POOLS.find((name) => name === text);
  if (pool === undefined) throw new UsageError(`--pool is one of ${POOLS.join(', ')}, all; not ${text}`);
  return [pool];
}

/** @param {string} text */
function readCount(text) {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1)
    throw new UsageError(`--concurrency is a number from 1 up, not ${text}`);
  return count;
}

/** @param {readonly string[]} positionals @param {string} defaultFolder */
function readFolder(positionals, defaultFolder) {
  if (positionals.length > 1)
    throw new UsageError(`one folder, not ${positionals.length}: ${positionals.join(' ')}`);
  // npm runs scripts in the repository and says here where the user is.
  const folder = resolve(process.env['INIT_CWD'] ?? '.', positionals[0] ?? defaultFolder);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new UsageError(`${folder} is not a folder`);
  return folder;
}
