import { PoolError } from '@pool/core';

/** A setting of the worker is unknown or wrong. The message names each, with where it came from and what would do. */
export class WorkerConfigError extends PoolError {
  static override readonly code: string = 'ERR_POOL_WORKER_CONFIG';
}

/** The module that `-A` names does not load, or exports no app. */
export class AppNotFoundError extends PoolError {
  static override readonly code: string = 'ERR_POOL_APP_NOT_FOUND';
}

/** The worker could not start; `cause` and the message say why. */
export class WorkerStartError extends PoolError {
  static override readonly code: string = 'ERR_POOL_WORKER_START';
}

/** The worker was stopped; make a new one. */
export class WorkerStoppedError extends PoolError {
  static override readonly code: string = 'ERR_POOL_WORKER_STOPPED';
}
