/**
 * The pool that runs tasks inline, one at a time.
 *
 * @example
 * ```ts
 * const pool = new SoloPool();
 * await pool.start();
 * const job = pool.applyAsync((x: number, y: number) => x + y, [2, 3]);
 * await job.result; // 5
 * await pool.stop();
 * ```
 *
 * @packageDocumentation
 */
export { SoloPool, SoloPool as default } from './solo-pool.js';
