/**
 * The worker: takes task messages from a broker and runs them on a pool. The command `pool` is built on it.
 *
 * @packageDocumentation
 */
export { type AckOptions, type Ending, judge, type Settling, type Verdict } from './ack-policy.js';
export { type AppReference, loadApp, parseAppReference } from './app-reference.js';
export {
  type AutoscalePolicy,
  byDemand,
  type WorkerLoad,
  withinEventLoopDelay,
  withinMemory,
} from './autoscale-policy.js';
export type { Settings } from './config/schema.js';
export type { Consumption } from './consumption.js';
export type { WorkerCounters } from './counters.js';
export { AppNotFoundError, WorkerConfigError, WorkerStartError, WorkerStoppedError } from './errors.js';
export type { LimitedSet } from './limited-set.js';
export type { LogLevel, WorkerLogger } from './logging/logger.js';
export type { Request, RequestInfo, RequestState } from './request/request.js';
export type { RequestTable } from './request-table.js';
export type { Outcome, OutcomeDetails, OutcomeKind } from './tracer/outcome.js';
export { Worker, type WorkerState } from './worker.js';
export type { RevokeReason, WorkerEvents } from './worker-events.js';
export type { WorkerOptions } from './worker-options.js';
