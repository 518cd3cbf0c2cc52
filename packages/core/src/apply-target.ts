import { monotonic } from './deadlines.js';
import { SystemExit, WorkerLostError, WorkerShutdown, WorkerTerminate } from './errors.js';
import { ExceptionInfo } from './exception-info.js';
import type { TargetFunction } from './target.js';

/** A class of errors, for options that list some. */
// biome-ignore lint/suspicious/noExplicitAny: any constructor will do
export type ErrorClass = abstract new (...args: any[]) => unknown;

/** What {@link applyTarget} tells, and to whom. */
export interface ApplyTargetOptions<R = unknown> {
  acceptCallback?: ((pid: number, timeAccepted: number) => void) | undefined;
  callback?: ((value: R) => void) | undefined;
  errorCallback?: ((info: ExceptionInfo) => void) | undefined;
  /** What to report as running the target; this process when left out. */
  pid?: number | undefined;
  /** Errors that leave untouched, whatever they are. */
  propagate?: readonly ErrorClass[] | undefined;
}

/**
 * Runs a target inline and tells how it went, in Celery's order (`celery.concurrency.base.apply_target`): accept first
 * and outside of any `try`; then the target; then the callback with its value.
 *
 * An ordinary error leaves as it came and no callback is called: the caller decides what it means. `WorkerShutdown` and
 * `WorkerTerminate` leave likewise. Any other {@link SystemExit} is the loss of what ran the target, and goes to
 * `errorCallback` as a `WorkerLostError` (Celery hands it to the success callback, which cannot take it).
 *
 * Asynchronous only where the target is: returns a promise if the target returned one.
 */
export function applyTarget<R>(
  target: TargetFunction<R>,
  args: readonly unknown[] = [],
  kwargs: Readonly<Record<string, unknown>> = {},
  options: ApplyTargetOptions<R> = {},
): void | Promise<void> {
  options.acceptCallback?.(options.pid ?? process.pid, monotonic());
  let value: R | PromiseLike<R>;
  try {
    value = callTarget(target, args, kwargs);
  } catch (error) {
    return onThrown(error, options);
  }
  if (!isThenable(value)) {
    options.callback?.(value);
    return;
  }
  return value.then(
    (result) => options.callback?.(result),
    (error: unknown) => onThrown(error, options),
  ) as Promise<void>;
}

/** What a job without keyword arguments has for them: the one object that need not be looked into. */
export const NO_KWARGS: Readonly<Record<string, unknown>> = Object.freeze({});

/** Calls a target as pools do: keyword arguments, if there are any, are one last object. */
export function callTarget<R>(
  target: TargetFunction<R>,
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
): R | PromiseLike<R> {
  if (kwargs !== NO_KWARGS) for (const _ in kwargs) return target(...args, kwargs);
  return target(...args);
}

/** Whether a target's answer is still to come. */
export function isThenable<R>(value: R | PromiseLike<R>): value is PromiseLike<R> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}

/** What Celery calls a BaseException that ends a worker: neither an ordinary error nor a request to stop the worker. */
export function isLoss(error: unknown): error is SystemExit {
  return (
    error instanceof SystemExit && !(error instanceof WorkerShutdown || error instanceof WorkerTerminate)
  );
}

/** The loss that a task's exit amounts to, where the task shares the process of its pool. */
export function lostBy(exit: SystemExit, pid: number = process.pid): WorkerLostError {
  return new WorkerLostError(`the task ended what ran it: ${exit.message}`, {
    cause: exit,
    details: { pid, exitCode: exit.exitCode, phase: 'running' },
  });
}

function onThrown(error: unknown, options: ApplyTargetOptions<never>): void {
  const propagates = options.propagate?.some((type) => error instanceof type) ?? false;
  if (propagates || !isLoss(error)) throw error;
  options.errorCallback?.(ExceptionInfo.from(lostBy(error, options.pid)));
}
