/**
 * The conformance suite of execution pools: what a Celery user expects of any pool, and the failures that must not take
 * one down, as tests for the runner of your choice.
 *
 * @packageDocumentation
 */
export { type AreaName, areaNames } from './area-names.js';
export type { CreateOptions, PoolConformanceOptions, PoolModule } from './options.js';
export { poolConformance } from './pool-conformance.js';
export type { Describe, It, TestContext } from './runner.js';
