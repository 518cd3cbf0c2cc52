import {
  type BasePool,
  ExceptionInfo,
  JobDiscardedError,
  PoolClosedError,
  type Target,
  Terminated,
  WorkerLostError,
} from '@pool/core';
import { type ResultStore, TaskRevokedError } from '@pool/results';
import type { Ending } from './ack-policy.js';
import { FailureJob } from './failure-job.js';
import { fieldsOf, labelOf } from './request/announce.js';
import type { Finisher, FinisherContext } from './request/finisher.js';
import type { Request, RequestHost } from './request/request.js';
import { requestFields } from './request/request-fields.js';
import { bareErrorDocument, errorOf } from './tracer/documents.js';
import { observeEnded, tracedRun } from './tracer/observed.js';
import { FAILURE, type Outcome, REVOKED } from './tracer/outcome.js';
import { toWireRequest } from './tracer/wire-request.js';

/** The functions of the tracer, as the pool takes them. */
export interface TracerTargets {
  readonly trace: Target<Outcome>;
  readonly traceFailure: Target<Outcome>;
}

/** What running requests needs of its worker. */
export interface RunnerContext extends Pick<FinisherContext, 'app' | 'store' | 'logger' | 'events'> {
  readonly pool: BasePool;
  readonly targets: TracerTargets;
  readonly finisher: Finisher;
  readonly hostname: string;
  /** Whether nobody wants a task any more. */
  isRevoked(id: string): boolean;
  /** A request was accepted: its message may be settled, a slot is taken. */
  onStarted(request: Request): void;
}

/** Hands requests to the pool and makes of what the pool says what the finisher needs to know. */
export class Runner implements RequestHost {
  readonly #context: RunnerContext;
  /** The worker is being stopped at once: what is terminated was not asked to be by anybody else. */
  cold = false;

  constructor(context: RunnerContext) {
    this.#context = context;
  }

  /** Runs a request now, or when the pool has a slot. */
  start(request: Request): void {
    if (this.endIfUnwanted(request)) return;
    const { pool, targets } = this.#context;
    request.state = 'reserved';
    try {
      request.job = pool.applyAsync(targets.trace, traceArgs(request), undefined, request);
    } catch (error) {
      this.onFailed(request, ExceptionInfo.from(error));
    }
  }

  /** Ends a request that was revoked or has expired; says whether it did. */
  endIfUnwanted(request: Request): boolean {
    const reason = request.isExpired()
      ? 'expired'
      : request.revoked || this.#context.isRevoked(request.id)
        ? 'revoked'
        : undefined;
    if (reason === undefined) return false;
    this.#endOutside(request, 'revoked', ExceptionInfo.from(new TaskRevokedError(reason)));
    return true;
  }

  /** A request is not to be run any more; with a signal it is ended if it runs. */
  revoke(request: Request, signal?: NodeJS.Signals): void {
    request.revoked = true;
    const { job } = request;
    if (job === undefined || (request.state === 'reserved' && this.#context.pool.discardJob(job))) return;
    if (signal !== undefined) this.#terminate(request, signal);
  }

  #terminate(request: Request, signal: NodeJS.Signals): void {
    request.terminateSignal = signal;
    const { job } = request;
    if (job === undefined || request.state !== 'accepted') return;
    job.terminate(signal).catch((error: unknown) => {
      this.#context.logger.error(
        { err: error, ...fieldsOf(request) },
        `${labelOf(request)} cannot be terminated`,
      );
    });
  }

  /** Gives a request that never started back to the broker, if anybody still wants it. */
  discard(request: Request): void {
    if (this.endIfUnwanted(request)) return;
    const error = ExceptionInfo.from(new JobDiscardedError('the worker stops'));
    this.#context.finisher.end(request, 'discarded', [FAILURE, null, 0, { error: error.toJSON() }]);
  }

  onAccepted(request: Request): void {
    if (!request.acksLate) request.delivery.ack();
    const { store, events } = this.#context;
    if (request.task.options.trackStarted && store !== undefined && !request.headers.ignoreResult)
      this.#storeStarted(request, store);
    events.emit('taskStarted', request);
    this.#context.onStarted(request);
    if (request.terminateSignal !== undefined) this.#terminate(request, request.terminateSignal);
  }

  onOutcome(request: Request, outcome: Outcome): void {
    this.#context.finisher.finish(request, outcome);
  }

  onFailed(request: Request, info: ExceptionInfo): void {
    switch (info.code) {
      case JobDiscardedError.code:
      case PoolClosedError.code:
        this.discard(request);
        return;
      case Terminated.code:
        this.#onTerminated(request, info);
        return;
      case WorkerLostError.code:
        this.#endOutside(request, 'lost', info);
        return;
      default:
        this.#endOutside(request, 'failure', info);
    }
  }

  onTimeout(request: Request, soft: boolean, seconds: number): void {
    const { logger, events } = this.#context;
    const which = soft ? 'Soft' : 'Hard';
    logger[soft ? 'warn' : 'error'](
      fieldsOf(request),
      `${which} time limit (${seconds}s) exceeded for ${labelOf(request)}`,
    );
    if (soft) events.emit('taskSoftTimeout', request, seconds);
    else
      this.#endOutside(
        request,
        'timeout',
        new ExceptionInfo({
          type: 'TimeLimitExceeded',
          message: String(seconds),
          code: 'ERR_POOL_TIME_LIMIT_EXCEEDED',
          fields: { seconds },
        }),
      );
  }

  /** A task stored a state of its own. */
  onPosted(request: Request, value: unknown): void {
    const { store, logger } = this.#context;
    if (store === undefined || !Array.isArray(value)) return;
    const [state, document] = value as [string, Uint8Array];
    const { id, replyTo, correlationId } = request.headers;
    store.store({ id, state, document, replyTo, correlationId }).catch((error: unknown) => {
      logger.error(
        { err: error, ...fieldsOf(request) },
        `the state ${state} of ${labelOf(request)} was not stored`,
      );
    });
  }

  #onTerminated(request: Request, info: ExceptionInfo): void {
    if (this.cold) {
      this.#endBare(request, 'cancelled', this.#bareOutcome(request, info));
    } else if (request.terminateSignal !== undefined) {
      this.#endOutside(request, 'revoked', ExceptionInfo.from(new TaskRevokedError('terminated')));
    } else {
      this.#endOutside(request, 'lost', info);
    }
  }

  /**
   * Ends a request that did not end by itself. Hooks, followers and chords are the pool's business, where the task's
   * code is, so a job there makes the outcome; where that cannot be, the outcome is the bare error.
   */
  #endOutside(request: Request, ending: Ending, cause: ExceptionInfo): void {
    const { finisher, pool, targets } = this.#context;
    const verdict = finisher.judge(request, ending);
    const info = withoutStack(cause, verdict.settle === 'aside' ? request.deliveries : undefined);
    const bare = this.#bareOutcome(request, info, ending);
    // Of a task in no workflow the body need not be decoded only to find that nothing follows.
    const { group, rootId, id } = request.headers;
    const alone = ending === 'revoked' && group === null && (rootId === null || rootId === id);
    if (!verdict.final || alone || !pool.active) {
      this.#endBare(request, ending, bare);
      return;
    }
    const state = ending === 'revoked' ? 'REVOKED' : 'FAILURE';
    const job = new FailureJob(request.id, bare, (outcome) => finisher.end(request, ending, outcome));
    try {
      pool.applyAsync(
        targets.traceFailure,
        [...traceArgs(request), state, info.toJSON(), bare[2]],
        undefined,
        job,
      );
    } catch {
      this.#endBare(request, ending, bare);
    }
  }

  /** Ends a request with nothing left of its run, if there was one, but this. */
  #endBare(request: Request, ending: Ending, outcome: Outcome): void {
    const { finisher, hostname, app } = this.#context;
    const { telemetry } = app.options;
    if (telemetry !== undefined) {
      const { headers, message, delivery, startedAt = Date.now() } = request;
      const wire = toWireRequest(headers, message, delivery);
      const run = tracedRun(headers.task, headers.id, wire, message.body, hostname);
      observeEnded(telemetry, { ...run, startedAt }, outcome);
    }
    finisher.end(request, ending, outcome);
  }

  #bareOutcome(request: Request, info: ExceptionInfo, ending?: Ending): Outcome {
    const { app, hostname } = this.#context;
    const { ignoreResult, storeErrorsEvenIfIgnored } = request.task.options;
    const ignored = (ignoreResult || request.headers.ignoreResult) && !storeErrorsEvenIfIgnored;
    const state = ending === 'revoked' ? 'REVOKED' : 'FAILURE';
    const document = ignored
      ? null
      : bareErrorDocument(app, request.id, state, errorOf(info), requestFields(app, request, hostname));
    const { acceptedAt } = request;
    const runtime = acceptedAt === undefined ? 0 : performance.now() / 1000 - acceptedAt;
    return [ending === 'revoked' ? REVOKED : FAILURE, document, runtime, { error: info.toJSON() }];
  }

  #storeStarted(request: Request, store: ResultStore): void {
    const { id, replyTo, correlationId } = request.headers;
    const { app, hostname, logger } = this.#context;
    const result = { pid: request.pid, hostname };
    const about = requestFields(app, request, hostname);
    store
      .storeResult({ ...about, taskId: id, status: 'STARTED', result }, { replyTo, correlationId })
      .catch((error: unknown) => {
        logger.warn({ err: error, ...fieldsOf(request) }, `STARTED of ${labelOf(request)} was not stored`);
      });
  }
}

function traceArgs(request: Request): unknown[] {
  const { headers, message, delivery } = request;
  return [
    headers.task,
    headers.id,
    toWireRequest(headers, message, delivery),
    message.body,
    message.contentType,
    message.contentEncoding,
  ];
}

/** Where the worker noticed it says nothing about the task. */
function withoutStack(cause: ExceptionInfo, deliveries: number | undefined): ExceptionInfo {
  const { stack: _stack, message, ...data } = cause.toJSON();
  const given = deliveries === undefined ? '' : ` (given up: delivered ${deliveries} times)`;
  return new ExceptionInfo({ ...data, message: `${message}${given}` });
}
