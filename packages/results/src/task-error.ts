import { PoolError } from './pool-error.js';
import type { ExceptionRecord } from './result-document.js';

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

/** Where Python finds the exceptions that have a class of their own here. */
const pythonModules: Readonly<Record<string, string>> = {
  TimeLimitExceeded: 'billiard.exceptions',
  SoftTimeLimitExceeded: 'billiard.exceptions',
  WorkerLostError: 'billiard.exceptions',
  Terminated: 'billiard.exceptions',
  TaskRevokedError: 'celery.exceptions',
  MaxRetriesExceededError: 'celery.exceptions',
  NotRegistered: 'celery.exceptions',
  ChordError: 'celery.exceptions',
  Retry: 'celery.exceptions',
  Ignore: 'celery.exceptions',
  Reject: 'celery.exceptions',
};

/** JavaScript's errors that Python has under the same name and meaning; `RangeError` and the like it has not. */
const pythonBuiltins: ReadonlySet<string> = new Set(['TypeError', 'SyntaxError']);

/**
 * A module that Python cannot have, so that a Python reader makes an exception of the right name instead of
 * looking one up.
 */
const foreignModule = 'node.js';

/** What to call the error: its `name`, unless that only says `Error` and the class says more. */
function typeOf(error: Error): string {
  const className = error.constructor.name;
  return error.name === 'Error' && className ? className : error.name;
}

/** Whether JSON can carry it back as it is. */
function isPlain(value: unknown): boolean {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

/**
 * The record that stands for a thrown value in a result document. A {@link TaskError} keeps the type, module and
 * arguments it came with, so a failure passes through several languages unchanged.
 */
export function exceptionRecord(thrown: unknown): ExceptionRecord {
  if (TaskError.isInstance(thrown)) {
    return {
      exc_type: thrown.excType,
      exc_message: thrown.args.map((arg) => (isPlain(arg) ? arg : String(arg))),
      exc_module: thrown.excModule ?? pythonModules[thrown.excType] ?? foreignModule,
    };
  }
  if (thrown instanceof Error) {
    const type = typeOf(thrown);
    const module = pythonModules[type] ?? (pythonBuiltins.has(type) ? 'builtins' : foreignModule);
    return { exc_type: type, exc_message: [thrown.message], exc_module: module };
  }
  return {
    exc_type: 'Error',
    exc_message: [typeof thrown === 'string' ? thrown : String(thrown)],
    exc_module: foreignModule,
  };
}

function readableMessage(type: string, args: readonly unknown[]): string {
  const text = args
    .map((arg) => (typeof arg === 'string' ? arg : (JSON.stringify(arg) ?? String(arg))))
    .join(', ');
  return text === '' ? type : `${type}: ${text}`;
}

/**
 * The error a reader gets for a failed task: a {@link TaskError}, or the class of its own that a failure such as
 * `TimeLimitExceeded` has. Reads records of Celery and of Pool; anything else becomes a `TaskError` that shows it.
 */
export function taskErrorFrom(
  record: unknown,
  details: { readonly taskId?: string | undefined; readonly traceback?: string | null } = {},
): TaskError {
  const known =
    typeof record === 'object' && record !== null ? (record as Partial<ExceptionRecord>) : undefined;
  const type = typeof known?.exc_type === 'string' ? known.exc_type : 'Error';
  const raw = known?.exc_type === undefined ? record : known.exc_message;
  const args = Array.isArray(raw) ? raw : raw === undefined || raw === null ? [] : [raw];
  const ErrorClass = (Object.hasOwn(named, type) ? named[type] : undefined) ?? TaskError;
  return new ErrorClass(readableMessage(type, args), {
    taskId: details.taskId,
    excType: type,
    excModule: typeof known?.exc_module === 'string' ? known.exc_module : null,
    args,
    traceback: details.traceback ?? null,
  });
}
