import { PoolError } from './pool-error.js';

/** The pool accepts nothing: it was not started, is closing, or has ended. */
export class PoolClosedError extends PoolError {
  static override readonly code: string = 'ERR_POOL_CLOSED';
}

/** The pool's capacity could not be brought up; `cause` and the message say why. */
export class PoolStartError extends PoolError {
  static override readonly code: string = 'ERR_POOL_START';
}

/** The pool cannot do what was asked. `capability` names what it would need. */
export class NotSupportedError extends PoolError {
  static override readonly code: string = 'ERR_POOL_NOT_SUPPORTED';
  readonly capability: string;

  constructor(message: string, options: ErrorOptions & { capability: string }) {
    super(message, options);
    this.capability = options.capability;
  }
}

/** No pool goes by this name, or its package is not installed; the message says what to do. */
export class PoolNotFoundError extends PoolError {
  static override readonly code: string = 'ERR_POOL_NOT_FOUND';
}

/** A target reference names a module or an export that does not load. */
export class TargetNotFoundError extends PoolError {
  static override readonly code: string = 'ERR_POOL_TARGET_NOT_FOUND';
}

/** A value cannot travel to or from the child that runs the job. `path` says where it sits. */
export class NotTransferableError extends PoolError {
  static override readonly code: string = 'ERR_POOL_NOT_TRANSFERABLE';
  readonly path: string;

  constructor(message: string, options: ErrorOptions & { path: string }) {
    super(message, options);
    this.path = options.path;
  }
}

/** What is known of a child's end. */
export interface LossDetails {
  pid?: number;
  exitCode?: number;
  signal?: string;
  /** Where the job was: `waiting` for its turn, `running`, or `finished` with its result not yet told. */
  phase?: string;
  correlationId?: string;
  outOfMemory?: boolean;
}

/** Whatever ran the job ended before the job did. The job may have had effects. */
export class WorkerLostError extends PoolError {
  static override readonly code: string = 'ERR_POOL_WORKER_LOST';
  readonly details: LossDetails;

  constructor(message: string, options: ErrorOptions & { details?: LossDetails } = {}) {
    super(message, options);
    this.details = options.details ?? {};
  }
}

/** The hard time limit passed. `seconds` is the limit. */
export class TimeLimitExceeded extends PoolError {
  static override readonly code: string = 'ERR_POOL_TIME_LIMIT_EXCEEDED';
  readonly seconds: number;

  constructor(seconds: number, options?: ErrorOptions) {
    super(`the job exceeded its time limit of ${seconds} s`, options);
    this.seconds = seconds;
  }
}

/** The soft time limit passed: the reason of a job's `signal`, and what interrupted synchronous code throws. */
export class SoftTimeLimitExceeded extends PoolError {
  static override readonly code: string = 'ERR_POOL_SOFT_TIME_LIMIT_EXCEEDED';
  readonly seconds: number;

  constructor(seconds: number, options?: ErrorOptions) {
    super(`the job exceeded its soft time limit of ${seconds} s`, options);
    this.seconds = seconds;
  }
}

/** The job was ended on request (`terminateJob`, `terminate`). `signal` is the one asked for, if any. */
export class Terminated extends PoolError {
  static override readonly code: string = 'ERR_POOL_TERMINATED';
  readonly signal: string | undefined;

  constructor(message: string, options: ErrorOptions & { signal?: string } = {}) {
    super(message, options);
    this.signal = options.signal;
  }
}

/** The job was dropped by `flush` before anything ran it; whoever sent it still owns it. */
export class JobDiscardedError extends PoolError {
  static override readonly code: string = 'ERR_POOL_JOB_DISCARDED';
}

/** What `process.exit` becomes in a task that shares the process of its pool: an ending of the task, not of the process. */
export class SystemExit extends PoolError {
  static override readonly code: string = 'ERR_POOL_SYSTEM_EXIT';
  readonly exitCode: number;

  constructor(exitCode = 0, message: string = `process.exit(${exitCode})`) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Thrown to stop the worker warmly; passes through pools untouched, as in Celery. */
export class WorkerShutdown extends SystemExit {
  static override readonly code: string = 'ERR_POOL_WORKER_SHUTDOWN';
}

/** Thrown to stop the worker at once; passes through pools untouched, as in Celery. */
export class WorkerTerminate extends SystemExit {
  static override readonly code: string = 'ERR_POOL_WORKER_TERMINATE';
}
