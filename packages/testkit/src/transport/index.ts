/**
 * The conformance suite of transports: what a worker relies on whatever the broker, as tests for the runner of your
 * choice.
 *
 * @packageDocumentation
 */
export type { Describe, It, TestContext } from '../pool/runner.js';
export { type AreaName, areaNames } from './area-names.js';
export type { TransportConformanceOptions, TransportModule } from './options.js';
export { transportConformance } from './transport-conformance.js';
