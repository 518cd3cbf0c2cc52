/**
 * What a published package of a pool, transport or result store should look like, as tests for the runner of your
 * choice.
 *
 * @packageDocumentation
 */
export type { Describe, It, TestContext } from '../pool/runner.js';
export { type PackageConformanceOptions, packageConformance } from './package-conformance.js';
