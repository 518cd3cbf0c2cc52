import type { EventEmitter } from 'node:events';
import type { ExceptionInfoData } from '@pool/core';
import type { Verdict } from '../ack-policy.js';
import type { WorkerCounters } from '../counters.js';
import type { WorkerLogger } from '../logging/logger.js';
import type { Outcome } from '../tracer/outcome.js';
import type { RevokeReason, WorkerEvents } from '../worker-events.js';
import type { Request } from './request.js';

/** Where the end of a request is told. */
export interface Announcer {
  readonly logger: WorkerLogger;
  readonly counters: WorkerCounters;
  readonly events: EventEmitter<WorkerEvents>;
}

/** Logs, counts and emits the end of a request. */
export function announce(request: Request, announcer: Announcer): void {
  const { counters, events } = announcer;
  const outcome = request.outcome as Outcome;
  if (!(request.verdict as Verdict).final) {
    announceRequeue(request, announcer);
    return;
  }
  switch (request.ending) {
    case 'success':
      counters.succeeded += 1;
      logSuccess(request, outcome, announcer.logger);
      events.emit('taskSucceeded', request, outcome);
      return;
    case 'retry':
      counters.retried += 1;
      logRetry(request, outcome, announcer.logger);
      events.emit('taskRetried', request, outcome);
      return;
    case 'ignore':
      counters.ignored += 1;
      announcer.logger.debug(fieldsOf(request), `Task ${labelOf(request)} ignored`);
      events.emit('taskIgnored', request);
      return;
    case 'reject':
      counters.rejected += 1;
      announcer.logger.warn(
        fieldsOf(request),
        `Task ${labelOf(request)} rejected: ${textOf(outcome[3]?.error)}`,
      );
      events.emit('taskRejected', request, false);
      return;
    case 'revoked': {
      counters.revoked += 1;
      const reason = reasonOf(request);
      announcer.logger.info(
        fieldsOf(request),
        `Discarding revoked task: ${labelOf(request)}${reason === 'revoked' ? '' : ` (${reason})`}`,
      );
      events.emit('taskRevoked', request, reason);
      return;
    }
    default:
      counters.failed += 1;
      logFailure(request, outcome, announcer.logger);
      events.emit('taskFailed', request, outcome);
  }
}

function announceRequeue(request: Request, { counters, logger, events }: Announcer): void {
  counters.requeued += 1;
  const { ending = 'discarded' } = request;
  if (ending === 'requeue') events.emit('taskRejected', request, true);
  const why = textOf(request.outcome?.[3]?.error);
  const level = ending === 'discarded' || ending === 'requeue' ? 'debug' : 'warn';
  logger[level](fieldsOf(request), `Task ${labelOf(request)} goes back to its queue (${ending}): ${why}`);
  events.emit('taskRequeued', request, ending);
}

function logSuccess(request: Request, outcome: Outcome, logger: WorkerLogger): void {
  if (!logger.isLevelEnabled('info')) return;
  const [, , runtime, details] = outcome;
  const repr = details?.repr;
  logger.info(
    { ...fieldsOf(request), runtime },
    `Task ${labelOf(request)} succeeded in ${runtime.toFixed(4)}s${repr === undefined ? '' : `: ${repr}`}`,
  );
}

function logRetry(request: Request, outcome: Outcome, logger: WorkerLogger): void {
  const [, , runtime, details] = outcome;
  const when = details?.retry === undefined ? '' : ` in ${Math.round(details.retry.seconds * 1000) / 1000}s`;
  logger.info(
    { ...fieldsOf(request), runtime },
    `Task ${labelOf(request)} retry: Retry${when}: ${textOf(details?.error)}`,
  );
}

function logFailure(request: Request, outcome: Outcome, logger: WorkerLogger): void {
  const [, , runtime, details] = outcome;
  const error = details?.error;
  if (error?.expected === true) {
    logger.info(
      { ...fieldsOf(request), runtime },
      `Task ${labelOf(request)} raised expected: ${textOf(error)}`,
    );
    return;
  }
  logger.error(
    {
      ...fieldsOf(request),
      runtime,
      error: error === undefined ? undefined : { type: error.type, message: error.message, code: error.code },
      traceback: error?.stack,
    },
    `Task ${labelOf(request)} raised unexpected: ${textOf(error)}`,
  );
}

/** `demo.add[1f0c…]`, as Celery writes it. */
export function labelOf(request: Request): string {
  return `${request.name}[${request.id}]`;
}

/** The fields of a log line about a request. */
export function fieldsOf(request: Request): { taskId: string; taskName: string } {
  return { taskId: request.id, taskName: request.headers.task };
}

function textOf(error: ExceptionInfoData | undefined): string {
  if (error === undefined) return 'no reason given';
  return error.message === '' ? error.type : `${error.type}: ${error.message}`;
}

function reasonOf(request: Request): RevokeReason {
  if (request.terminateSignal !== undefined) return 'terminated';
  return request.isExpired() ? 'expired' : 'revoked';
}
