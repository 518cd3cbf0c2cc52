/**
 * The pool that runs thousands of asynchronous tasks on the event loop.
 *
 * @example
 * ```ts
 * const pool = new GreenPool({ limit: 1000 });
 * await pool.start();
 * const job = pool.applyAsync(async (url: string) => (await fetch(url)).status, ['https://example.com/']);
 * console.log(await job.result);
 * await pool.stop();
 * ```
 *
 * @packageDocumentation
 */
export { GreenPool, GreenPool as default, type GreenPoolOptions } from './green-pool.js';
