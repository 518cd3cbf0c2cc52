export type { ExceptionDocument, ResultDocument, ResultInput, ResultNode } from '@pool/message';
export { BaseResultStore } from './base-result-store.js';
export {
  NotSupportedError,
  ResultDecodeError,
  ResultStoreAwayError,
  ResultStoreClosedError,
  ResultStoreError,
  ResultStoreNotFoundError,
  ResultTimeoutError,
} from './errors.js';
export type { RawDocument } from './followed.js';
export { type LoadResultStoreOptions, loadResultStore } from './load-result-store.js';
export { PoolError } from './pool-error.js';
export {
  type ChordPart,
  type ChordProgress,
  type ConnectOptions,
  RESULT_STORE_OPTION_NAMES,
  type ReplyBroker,
  type ResultEntry,
  type ResultStore,
  type ResultStoreCapabilities,
  type ResultStoreFactory,
  type ResultStoreOptions,
  type StoreOptions,
  type WaitOptions,
} from './result-store.js';
export { maskUrl, resultPackageFor, schemeOf } from './result-url.js';
export { retryDelay } from './retry-delay.js';
export {
  ChordError,
  exceptionDocument,
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
