import { isRecord } from './record.js';

/** An exception as Celery stores it in place of a result. */
export interface ExceptionDocument {
  exc_type: string;
  /** The arguments of the exception, the message first. */
  exc_message: unknown[];
  exc_module: string;
}

/** Module of exceptions that exist in Node only. No Python module can have this name, so none is looked up there. */
export const NODE_EXCEPTION_MODULE = 'node:errors';

/**
 * Names that Python has too, and that one message constructs. Those that would end the reading process (SystemExit,
 * KeyboardInterrupt) are left out on purpose.
 */
const BUILTINS: ReadonlySet<string> = new Set([
  'ArithmeticError',
  'AssertionError',
  'AttributeError',
  'BufferError',
  'ConnectionError',
  'EOFError',
  'Exception',
  'FileExistsError',
  'FileNotFoundError',
  'IndexError',
  'KeyError',
  'LookupError',
  'MemoryError',
  'NotImplementedError',
  'OSError',
  'OverflowError',
  'PermissionError',
  'RecursionError',
  'ReferenceError',
  'RuntimeError',
  'SyntaxError',
  'TimeoutError',
  'TypeError',
  'ValueError',
  'ZeroDivisionError',
]);

const BILLIARD: ReadonlySet<string> = new Set([
  'SoftTimeLimitExceeded',
  'Terminated',
  'TimeLimitExceeded',
  'WorkerLostError',
]);

const CELERY: ReadonlySet<string> = new Set([
  'AlreadyRegistered',
  'BackendError',
  'ChordError',
  'Ignore',
  'ImproperlyConfigured',
  'IncompleteStream',
  'InvalidTaskError',
  'MaxRetriesExceededError',
  'NotRegistered',
  'QueueNotFound',
  'Reject',
  'Retry',
  'TaskRevokedError',
]);

/** The Python module that has an exception of that name, or `NODE_EXCEPTION_MODULE`. */
export function exceptionModule(type: string): string {
  if (BUILTINS.has(type)) return 'builtins';
  if (BILLIARD.has(type)) return 'billiard.exceptions';
  if (CELERY.has(type)) return 'celery.exceptions';
  return NODE_EXCEPTION_MODULE;
}

export interface ExceptionInput {
  /** Name of the error, e.g. `ValueError`. */
  type: string;
  /** Its arguments; by default the message alone. */
  message: string;
  args?: readonly unknown[] | undefined;
  /** @default by `exceptionModule` */
  module?: string | undefined;
}

/** An exception document that Python raises again as the type of that name, where it has one. */
export function encodeException(error: ExceptionInput): ExceptionDocument {
  return {
    exc_type: error.type,
    exc_message: error.args === undefined ? [error.message] : [...error.args],
    exc_module: error.module ?? exceptionModule(error.type),
  };
}

/** What a stored exception says. */
export interface DecodedException {
  type: string;
  message: string;
  args: unknown[];
  module: string | null;
}

/** Reads an exception document, tolerant of what other producers put there; null when it is none. */
export function decodeException(value: unknown): DecodedException | null {
  if (!isRecord(value)) return null;
  const { exc_type: type, exc_message: message, exc_module: module } = value;
  if (typeof type !== 'string') return null;
  const args: unknown[] = Array.isArray(message)
    ? message
    : message === undefined || message === null
      ? []
      : [message];
  return {
    type,
    message: args.map(argumentText).join(', '),
    args,
    module: typeof module === 'string' ? module : null,
  };
}

function argumentText(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? 'null');
}
