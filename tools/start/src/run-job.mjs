import { setMaxListeners } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createJob } from './create-job.mjs';
import { WorkerProcess } from './worker-process.mjs';

/** @import { Packed } from './create-job.mjs' */

/**
 * @typedef {object} Row What became of one file: one of the two.
 * @property {string} file
 * @property {Packed} [packed]
 * @property {Error} [error]
 */

/**
 * @typedef {object} JobResult
 * @property {string} pool
 * @property {Row[]} rows In the order in which they came back.
 * @property {number} seconds From the first task sent to the last result received.
 */

// How many tasks are on their way at once: enough to keep every pool busy, and a bound for folders of any size.
const WINDOW = 256;

/**
 * Sends one task per file, through a broker in a folder, to a worker process, and waits for all results.
 * @param {object} job
 * @param {string} job.pool
 * @param {number | undefined} job.concurrency The pool's own default when not given.
 * @param {readonly string[]} job.files
 * @param {(row: Row) => void} job.onRow Called for each result as it comes.
 * @param {AbortSignal} job.signal Ends the job early.
 * @returns {Promise<JobResult>}
 */
export async function runJob({ pool, concurrency, files, onRow, signal }) {
  const home = await mkdtemp(join(tmpdir(), 'pool-start-'));
  const { app, pack } = createJob(home);
  const worker = new WorkerProcess({
    module: join(import.meta.dirname, 'job.mjs'),
    pool,
    concurrency,
    env: { ...process.env, POOL_START_HOME: home },
  });
  const lost = new AbortController();
  worker.lost.catch((error) => lost.abort(error));
  const ended = AbortSignal.any([signal, lost.signal]);
  // Every file's result waits on it.
  setMaxListeners(0, ended);

  /** @param {string} file @returns {Promise<Row>} */
  const packFile = async (file) => {
    const result = await pack.delay(file);
    try {
      return { file, packed: await result.get({ signal: ended }) };
    } catch (error) {
      ended.throwIfAborted();
      return { file, error: /** @type {Error} */ (error) };
    }
  };

  try {
    // The first task waits until the worker is up, which is not what is measured.
    await packFile(import.meta.filename);
    const started = performance.now();
    /** @type {Row[]} */
    const rows = [];
    const queue = files.values();
    const sendOneByOne = async () => {
      for (const file of queue) {
        const row = await packFile(file);
        rows.push(row);
        onRow(row);
      }
    };
    await Promise.all(Array.from({ length: WINDOW }, sendOneByOne));
    return { pool, rows, seconds: (performance.now() - started) / 1000 };
  } finally {
    await worker.stop();
    await app.close();
    await rm(home, { recursive: true, force: true });
  }
}
