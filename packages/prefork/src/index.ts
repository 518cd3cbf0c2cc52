/**
 * An execution pool of child processes.
 *
 * @packageDocumentation
 */
export { PreforkPool, type PreforkPoolOptions } from './prefork-pool.js';
