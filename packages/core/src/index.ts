/**
 * The contract of an execution pool. Extend {@link BasePool} to write a pool; everything else here is what its author
 * and its users need to speak about jobs.
 *
 * @packageDocumentation
 */
export { type ApplyTargetOptions, applyTarget, callTarget, type ErrorClass } from './apply-target.js';
export { availableCpus } from './available-cpus.js';
export { BasePool, type PoolInfo } from './base-pool.js';
export type { PoolCapabilities } from './capabilities.js';
export type { Child, ChildExit, ChildListener, ChildSpec, Claims } from './child.js';
export { ChildPool } from './child-pool.js';
export {
  type ChildPoolOptions,
  childPoolOptionNames,
  type ResolvedChildPoolOptions,
  type Scheduling,
} from './child-pool-options.js';
export { currentJob } from './current-job.js';
export { monotonic } from './deadlines.js';
export {
  JobDiscardedError,
  type LossDetails,
  NotSupportedError,
  NotTransferableError,
  PoolClosedError,
  PoolNotFoundError,
  PoolStartError,
  SoftTimeLimitExceeded,
  SystemExit,
  TargetNotFoundError,
  Terminated,
  TimeLimitExceeded,
  WorkerLostError,
  WorkerShutdown,
  WorkerTerminate,
} from './errors.js';
export { ExceptionInfo, type ExceptionInfoData } from './exception-info.js';
// Of `@pool/core/frames` too; a pool that needs no more of it starts sooner by one module.
export { FrameReader } from './frames/frame-reader.js';
export { FrameWriter, type Serialization } from './frames/frame-writer.js';
export { InlinePool } from './inline-pool.js';
export { type InlinePoolOptions, inlinePoolOptionNames } from './inline-pool-options.js';
export { callInterruptibly } from './interruptible.js';
export type { ApplyOptions, Job, JobContext, JobState } from './job.js';
export { type LoadPoolOptions, loadPool, type PoolClass } from './load-pool.js';
export type { PoolLogger } from './logger.js';
export { PoolError } from './pool-error.js';
export type { ChildEvent, PoolEvents } from './pool-events.js';
export { poolNames, poolPackages } from './pool-names.js';
export { type PoolOptions, poolOptionNames } from './pool-options.js';
export { CLOSE, INITIAL, type PoolState, RUN, TERMINATE } from './pool-state.js';
export { loadedTarget, resolveTarget } from './resolve-target.js';
export { assertTarget, type Target, type TargetFunction, type TargetReference } from './target.js';
