export { App, type AppEvents } from './app.js';
export type { AppOptions, PublishRetryPolicy } from './app-options.js';
export { AsyncResult, type AsyncResultEvents, type GetOptions } from './async-result.js';
export { bindArguments, type Parameters, parseParameters } from './bind-arguments.js';
export {
  type AnySignature,
  chain,
  chord,
  type EndsAs,
  type GroupResults,
  group,
  type HandleOf,
  type ResultOf,
} from './canvas.js';
export { AlreadyRegisteredError, AppClosedError, ConfigError, QueueNotFoundError } from './errors.js';
export { GroupResult } from './group-result.js';
export { nearestName } from './nearest-name.js';
export type { Call, OutgoingTask } from './outgoing.js';
export { Queues, type QueuesOptions, type ResolvedQueue, type TaskQueue } from './queues.js';
export { type ResultHandle, resultHandle } from './result-handle.js';
export {
  type Route,
  type RouteEntry,
  type RouteFunction,
  Router,
  type RouteTable,
  type TaskRoutes,
} from './routing.js';
export type { Links, SendOptions } from './send-options.js';
export { SentTask } from './sent-task.js';
export { Signature } from './signature.js';
export { type SignatureLike, signatureData } from './signature-data.js';
export {
  type AnyTask,
  type BoundTaskFunction,
  type Leading,
  Task,
  type TaskFunction,
  type Trailing,
} from './task.js';
export type { RetryOptions, TaskContext, TaskRequest } from './task-context.js';
export { Ignore, Reject, Replace, Retry, TaskPredicate } from './task-control-flow.js';
export type {
  ErrorMatcher,
  ResolvedTaskOptions,
  TaskHooks,
  TaskOptions,
  TaskOutcome,
} from './task-options.js';
export type { RunTrace, Telemetry, TracedError, TracedRun, TraceHeaders } from './telemetry.js';
export { fromWireOptions, type InternalSendOptions, toWireOptions } from './wire-options.js';
export { type ChordOutcome, chordOutcome } from './workflow/chord-outcome.js';
export {
  type ChordCall,
  type ChordReturn,
  type Failure,
  type Followed,
  type FollowUp,
  noFollowUp,
  planChild,
  planChordBody,
  planChordFailure,
  planFailure,
  planReplace,
  planSuccess,
} from './workflow/follow-up.js';
export {
  type ChordSize,
  type Plan,
  type Planning,
  planSignature,
  type SendContext,
} from './workflow/plan.js';
