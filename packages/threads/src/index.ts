/**
 * An execution pool of worker threads.
 *
 * @example
 * ```ts
 * const pool = new ThreadsPool({ limit: 4 });
 * await pool.start();
 * const job = pool.applyAsync({ module: new URL('./tasks.js', import.meta.url).href, name: 'hash' }, ['secret']);
 * console.log(await job.result);
 * await pool.stop();
 * ```
 *
 * @packageDocumentation
 */
export { move } from './move.js';
export { ThreadsPool, ThreadsPool as default, type ThreadsPoolOptions } from './threads-pool.js';
