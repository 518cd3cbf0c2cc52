/**
 * What the suite's jobs run. Nothing here knows the pool, and all of it is reached by reference, since a pool's jobs may
 * run elsewhere.
 */
export * from './targets/basic.js';
export * from './targets/cpu.js';
export * from './targets/failing.js';
export * from './targets/gated.js';
export * from './targets/values.js';
