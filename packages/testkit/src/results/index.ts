/**
 * The conformance suite of result stores, as tests for the runner of your choice, and a store in memory for tests of
 * what uses one.
 *
 * @packageDocumentation
 */
export type { Describe, It, TestContext } from '../pool/runner.js';
export { type AreaName, areaNames } from './area-names.js';
export { MemoryResults } from './memory-results.js';
export type { ResultStoreConformanceOptions } from './options.js';
export { resultStoreConformance } from './result-store-conformance.js';
