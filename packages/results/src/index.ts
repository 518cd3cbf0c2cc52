export { BaseResultStore } from './base-result-store.js';
export {
  NotSupportedError,
  ResultDecodeError,
  ResultStoreClosedError,
  ResultStoreError,
  ResultStoreNotFoundError,
  ResultTimeoutError,
} from './errors.js';
export type { RawDocument } from './followed.js';
export { type LoadResultStoreOptions, loadResultStore } from './load-result-store.js';
export { PoolError } from './pool-error.js';
export { decodeResult, type ExceptionRecord, encodeResult, type ResultDocument } from './result-document.js';
export type {
  ChordPart,
  ChordProgress,
  ReplyBroker,
  ResultEntry,
  ResultStore,
  ResultStoreCapabilities,
  ResultStoreFactory,
  ResultStoreOptions,
  WaitOptions,
} from './result-store.js';
export { maskUrl, resultPackageFor, schemeOf } from './result-url.js';
export { isExceptionState, isReadyState, states, type TaskState } from './states.js';
export {
  ChordError,
  exceptionRecord,
  MaxRetriesExceededError,
  NotRegistered,
  SoftTimeLimitExceeded,
  TaskError,
  type TaskErrorDetails,
  TaskRevokedError,
  TimeLimitExceeded,
  taskErrorFrom,
  WorkerLostError,
} from './task-error.js';
