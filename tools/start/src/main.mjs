// The main job, on the files of a folder.
import { join } from 'node:path';
import { listFiles } from './list-files.mjs';
import { readOptions, USAGE, UsageError } from './options.mjs';
import { showProgress } from './progress.mjs';
import { runJob } from './run-job.mjs';
import { comparisonTable, resultTable, totals, totalsLine } from './tables.mjs';

/** @import { StartOptions } from './options.mjs' */

const INTERRUPTED = 130;

/** @param {StartOptions} options */
async function start({ pools, concurrency, folder }) {
  const files = await listFiles(folder);
  if (files.length === 0) throw new UsageError(`${folder} has no files`);
  const interrupt = new AbortController();
  process.once('SIGINT', () => interrupt.abort());
  process.once('SIGTERM', () => interrupt.abort());

  const sums = [];
  for (const pool of pools) {
    const progress = showProgress(pool, files.length);
    const job = { pool, concurrency, files, onRow: progress.tick, signal: interrupt.signal };
    const result = await runJob(job).finally(progress.stop);
    const sum = totals(result);
    sums.push(sum);
    if (pools.length === 1) console.log(resultTable(result, folder));
    for (const { file, error } of result.rows) if (error) console.error(`FAILED: ${file}: ${error.message}`);
    console.log(totalsLine(sum));
  }
  if (sums.length > 1) console.log(comparisonTable(sums));
  if (sums.some(({ failed }) => failed > 0)) process.exitCode = 1;
}

try {
  // A broker of the user's own would come before the folder of this job, for the worker too.
  for (const name of Object.keys(process.env)) if (/^(POOL|CELERY)_/.test(name)) delete process.env[name];
  const options = readOptions(process.argv.slice(2), join(import.meta.dirname, '../../..'));
  if (options === 'help') console.log(USAGE);
  else await start(options);
} catch (error) {
  if (error instanceof UsageError) console.error(`${error.message}\n\n${USAGE}`);
  else if (/** @type {Error} */ (error).name !== 'AbortError') console.error(error);
  process.exitCode = /** @type {Error} */ (error).name === 'AbortError' ? INTERRUPTED : 1;
}
