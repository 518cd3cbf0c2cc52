import { inspect, types } from 'node:util';
import { decodeException, type ExceptionDocument, encodeException } from '@pool/message';
import { PoolError } from './pool-error.js';

/** What is known of a task's failure, on either side of the wire. */
export interface TaskErrorDetails extends ErrorOptions {
  /** The task that failed. */
  readonly taskId?: string | undefined;
  /** The class of the exception, as `exc_type` names it: `ValueError`, `TypeError`, … */
  readonly excType?: string;
  /** Where that class lives: a Python module, or `null`. */
  readonly excModule?: string | null;
  /** The arguments of the exception; the first is usually its message. */
  readonly args?: readonly unknown[];
  /** The stack where it was raised, as the worker's language prints it. */
  readonly traceback?: string | null;
}

/** A task failed. What it threw, in whatever language, is in `excType`, `args` and `traceback`. */
export class TaskError extends PoolError {
  static override readonly code: string = 'ERR_POOL_TASK';
  readonly taskId: string | undefined;
  readonly excType: string;
  readonly excModule: string | null;
  readonly args: readonly unknown[];
  readonly traceback: string | null;

  constructor(message: string, details: TaskErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.taskId = details.taskId;
    this.excType = details.excType ?? new.target.name;
    this.excModule = details.excModule ?? null;
    this.args = details.args ?? [message];
    this.traceback = details.traceback ?? null;
  }
}

/** The task ran longer than its hard time limit and was killed. */
export class TimeLimitExceeded extends TaskError {
  static override readonly code: string = 'ERR_POOL_TIME_LIMIT_EXCEEDED';
}

/** The task ran longer than its soft time limit and did not handle it. */
export class SoftTimeLimitExceeded extends TaskError {
  static override readonly code: string = 'ERR_POOL_SOFT_TIME_LIMIT_EXCEEDED';
}

/** The process or thread that ran the task died. The task may have had effects. */
export class WorkerLostError extends TaskError {
  static override readonly code: string = 'ERR_POOL_WORKER_LOST';
}

/** The task was revoked, expired, or was terminated. */
export class TaskRevokedError extends TaskError {
  static override readonly code: string = 'ERR_POOL_TASK_REVOKED';
}

/** The task asked for one more retry than `maxRetries` allows. */
export class MaxRetriesExceededError extends TaskError {
  static override readonly code: string = 'ERR_POOL_MAX_RETRIES_EXCEEDED';
}

/** The worker that got the task has none of this name. */
export class NotRegistered extends TaskError {
  static override readonly code: string = 'ERR_POOL_NOT_REGISTERED';
}

/** A member of a chord's header failed, so its body was not called. */
export class ChordError extends TaskError {
  static override readonly code: string = 'ERR_POOL_CHORD';
}

const named: Readonly<Record<string, typeof TaskError>> = {
  TimeLimitExceeded,
  SoftTimeLimitExceeded,
  WorkerLostError,
  TaskRevokedError,
  Terminated: TaskRevokedError,
  MaxRetriesExceededError,
  NotRegistered,
  ChordError,
};

/** What to call the error: its `name`, unless that only says `Error` and the class says more. */
function typeOf(error: Error): string {
  const className = error.constructor.name;
  return error.name === 'Error' && className ? className : error.name;
}

/** A time limit that passed has its seconds for its only argument, and they are a number, as in Python. */
function argsOf(error: Error): unknown[] | undefined {
  const { seconds } = error as { seconds?: unknown };
  return typeof seconds === 'number' && error.message === String(seconds) ? [seconds] : undefined;
}

/**
 * The document that stands for a thrown value in a result. A {@link TaskError} keeps the type, module and arguments
 * it came with, so a failure passes through several languages unchanged.
 */
export function exceptionDocument(thrown: unknown): ExceptionDocument {
  if (TaskError.isInstance(thrown)) {
    const { excType: type, excModule: module, args, message } = thrown;
    return encodeException({ type, message, args, module: module ?? undefined });
  }
  if (thrown instanceof Error || types.isNativeError(thrown))
    return encodeException({ type: typeOf(thrown), message: thrown.message, args: argsOf(thrown) });
  return encodeException({ type: 'Error', message: typeof thrown === 'string' ? thrown : inspect(thrown) });
}

/**
 * The error a reader gets for a failed task: a {@link TaskError}, or the class of its own that a failure such as
 * `TimeLimitExceeded` has. Reads the documents of Celery and of Pool; from anything else comes a `TaskError` that
 * shows it.
 */
export function taskErrorFrom(
  document: unknown,
  details: { readonly taskId?: string | undefined; readonly traceback?: string | null } = {},
): TaskError {
  const { type, message, args, module } = decodeException(document) ?? {
    type: 'Error',
    message: typeof document === 'string' ? document : inspect(document),
    args: [document],
    module: null,
  };
  const ErrorClass = (Object.hasOwn(named, type) ? named[type] : undefined) ?? TaskError;
  return new ErrorClass(message === '' ? type : `${type}: ${message}`, {
    taskId: details.taskId,
    excType: type,
    excModule: module,
    args,
    traceback: details.traceback ?? null,
  });
}
