import { type App, type FollowUp, Ignore, Reject, Replace, Retry, type TaskHooks } from '@pool/app';
import { currentJob, ExceptionInfo, type ExceptionInfoData, SystemExit } from '@pool/core';
import { decodeTaskBody, pyRepr, type ResultNode, type TaskBody } from '@pool/message';
import { NotRegistered } from '@pool/results';
import { unknownFields } from '../request/request-fields.js';
import { bareErrorDocument, errorDocument, errorOf, successDocument } from './documents.js';
import { followFailure, followReplace, followSuccess } from './follow-up.js';
import {
  FAILURE,
  IGNORE,
  MALFORMED,
  type Outcome,
  type OutcomeDetails,
  REJECT,
  REPLACED,
  REQUEUE,
  RETRY,
  REVOKED,
  SUCCESS,
} from './outcome.js';
import { prepareRetry } from './prepare-retry.js';
import { autoretryDelay, isAutoretried, matchesAny } from './retry-delay.js';
import { trimStack } from './stack.js';
import { TaskRun } from './task-run.js';
import type { WireRequest } from './wire-request.js';

/** What the side of the pool is told once. */
export interface TracerSettings {
  /** The worker's node name. */
  readonly hostname: string;
  /** Whether log lines or events show results. */
  readonly repr: boolean;
  /** Whether there is a store for outcomes. */
  readonly results: boolean;
}

/** Where hooks that throw are reported. */
export type ReportError = (message: string, error: unknown) => void;

/** How many characters of a result a log line shows. */
const MAX_REPR = 100;

/**
 * Runs tasks where the pool runs its jobs: decodes the body, calls the function, its hooks, and tells the outcome, all
 * followers made ready. It never throws for what a task does; a `SystemExit` passes, because it is the pool's.
 */
export class Tracer {
  readonly #app: App;
  readonly #settings: TracerSettings;
  readonly #report: ReportError;
  #current: TaskRun | undefined;

  constructor(app: App, settings: TracerSettings, report: ReportError) {
    this.#app = app;
    this.#settings = settings;
    this.#report = report;
  }

  /** The task begun last: the one that runs, where one runs at a time. */
  get current(): TaskRun | undefined {
    return this.#current;
  }

  /** Runs a task. Synchronous as far as the task is. */
  trace(
    name: string,
    id: string,
    wire: WireRequest,
    body: Uint8Array,
    contentType: string,
    contentEncoding: string,
  ): Outcome | Promise<Outcome> {
    const run = this.#begin(name, id, wire, body, contentType, contentEncoding);
    if (!(run instanceof TaskRun)) return run;
    const { task } = run;
    try {
      const before = task.options.beforeStart?.(run);
      if (isThenable(before)) return this.#runAfter(run, before);
      const { args, kwargs } = run.body;
      const value = task.run(run, task.bindArguments(args, kwargs));
      if (isThenable(value)) return this.#awaitValue(run, value);
      return this.#succeed(run, value);
    } catch (error) {
      return this.#onThrown(run, error);
    }
  }

  /**
   * Makes the outcome of a task that something else ended: its time limit, the loss of its process, a revocation.
   * So hooks, followers and chords see the same as for any other failure.
   */
  traceFailure(
    name: string,
    id: string,
    wire: WireRequest,
    body: Uint8Array,
    contentType: string,
    contentEncoding: string,
    state: 'FAILURE' | 'REVOKED',
    data: ExceptionInfoData,
    runtime: number,
  ): Outcome | Promise<Outcome> {
    const run = this.#begin(name, id, wire, body, contentType, contentEncoding);
    if (!(run instanceof TaskRun)) return run;
    const error = errorOf(new ExceptionInfo(data));
    if (state === 'FAILURE') return this.#fail(run, error, runtime, data);
    const document = this.#keepsError(run) ? errorDocument(run, 'REVOKED', error) : null;
    const details: OutcomeDetails = { error: data };
    this.#addFollowUp(run, details, error, 'REVOKED');
    return [REVOKED, document, runtime, details];
  }

  #begin(
    name: string,
    id: string,
    wire: WireRequest,
    body: Uint8Array,
    contentType: string,
    contentEncoding: string,
  ): TaskRun | Outcome {
    const startedAt = performance.now();
    const task = this.#app.tasks.get(name);
    if (task === undefined) return this.#unknown(name, id);
    let decoded: TaskBody;
    try {
      const headers = wire[22] === null ? NO_HEADERS : { compression: wire[22] };
      decoded = decodeTaskBody({ body, contentType, contentEncoding, headers }, { codec: this.#app.codec });
    } catch (error) {
      const document = bareErrorDocument(this.#app, id, 'FAILURE', error);
      return [MALFORMED, document, seconds(startedAt), { error: describe(error) }];
    }
    const { hostname } = this.#settings;
    this.#current = new TaskRun(this.#app, task, id, wire, decoded, startedAt, hostname, currentJob());
    return this.#current;
  }

  #unknown(name: string, id: string): Outcome {
    const error = new NotRegistered(`'${name}' is not registered`, { taskId: id, args: [name] });
    const document = bareErrorDocument(this.#app, id, 'FAILURE', error, unknownFields(this.#app));
    return [FAILURE, document, 0, { error: describe(error) }];
  }

  async #runAfter(run: TaskRun, before: PromiseLike<unknown>): Promise<Outcome> {
    try {
      await before;
      const { args, kwargs } = run.body;
      return await this.#succeed(run, await run.task.run(run, run.task.bindArguments(args, kwargs)));
    } catch (error) {
      return this.#onThrown(run, error);
    }
  }

  async #awaitValue(run: TaskRun, value: PromiseLike<unknown>): Promise<Outcome> {
    let result: unknown;
    try {
      result = await value;
    } catch (error) {
      return this.#onThrown(run, error);
    }
    return this.#succeed(run, result);
  }

  #succeed(run: TaskRun, result: unknown): Outcome | Promise<Outcome> {
    const runtime = seconds(run.startedAt);
    let document: Uint8Array | null = null;
    let details: OutcomeDetails | null = null;
    try {
      const followUp = followSuccess(run, result);
      if (followUp !== undefined) details = { followUp };
      if (!this.#ignoresResult(run)) document = successDocument(run, result, childrenOf(run, followUp));
      if (this.#settings.repr) details = { ...details, repr: pyRepr(result, { maxLength: MAX_REPR }) };
    } catch (error) {
      return this.#fail(run, error);
    }
    const { onSuccess, afterReturn } = run.options;
    const outcome: Outcome = [SUCCESS, document, runtime, details];
    if (onSuccess === undefined && afterReturn === undefined) return this.#settled(run, outcome);
    return this.#afterHooks(run, outcome, [
      ['onSuccess', () => onSuccess?.(run, result)],
      ['afterReturn', () => afterReturn?.(run, { state: 'SUCCESS', result })],
    ]);
  }

  #onThrown(run: TaskRun, error: unknown): Outcome | Promise<Outcome> {
    if (error instanceof SystemExit) throw error;
    if (error instanceof Retry) return this.#retry(run, error);
    if (error instanceof Ignore) return this.#settled(run, [IGNORE, null, seconds(run.startedAt), null]);
    if (error instanceof Reject) return this.#reject(run, error);
    if (error instanceof Replace) return this.#replace(run, error);
    if (isAutoretried(error, run.options)) {
      const { maxRetries } = run.options;
      if (maxRetries === null || run.retries < maxRetries) {
        return this.#retry(run, new Retry({ error, countdown: autoretryDelay(run.retries, run.options) }));
      }
    }
    return this.#fail(run, error);
  }

  #retry(run: TaskRun, retry: Retry): Outcome | Promise<Outcome> {
    const cause = retry.options.error ?? retry;
    let details: OutcomeDetails;
    try {
      details = { retry: prepareRetry(run, retry.options), error: describe(cause) };
    } catch (error) {
      return this.#fail(run, error);
    }
    const document = this.#keepsError(run) ? errorDocument(run, 'RETRY', cause) : null;
    const outcome: Outcome = [RETRY, document, seconds(run.startedAt), details];
    const { onRetry } = run.options;
    if (onRetry === undefined) return this.#settled(run, outcome);
    return this.#afterHooks(run, outcome, [['onRetry', () => onRetry(run, cause)]]);
  }

  #reject(run: TaskRun, reject: Reject): Outcome | Promise<Outcome> {
    const error = describe(reject);
    const runtime = seconds(run.startedAt);
    if (reject.requeue) return this.#settled(run, [REQUEUE, null, runtime, { error }]);
    const document = this.#keepsError(run) ? errorDocument(run, 'FAILURE', reject) : null;
    const details: OutcomeDetails = { error };
    this.#addFollowUp(run, details, reject, 'FAILURE');
    return this.#settled(run, [REJECT, document, runtime, details]);
  }

  #replace(run: TaskRun, replace: Replace): Outcome | Promise<Outcome> {
    let followUp: FollowUp;
    try {
      followUp = followReplace(run, replace.signature);
    } catch (error) {
      return this.#fail(run, error);
    }
    return this.#settled(run, [REPLACED, null, seconds(run.startedAt), { followUp }]);
  }

  #fail(
    run: TaskRun,
    error: unknown,
    runtime: number = seconds(run.startedAt),
    data?: ExceptionInfoData,
  ): Outcome | Promise<Outcome> {
    const expected = matchesAny(error, run.options.throws);
    const details: OutcomeDetails = { error: data ?? describe(error, expected) };
    this.#addFollowUp(run, details, error, 'FAILURE');
    const document = this.#keepsError(run) ? errorDocument(run, 'FAILURE', error) : null;
    const outcome: Outcome = [FAILURE, document, runtime, details];
    const { onFailure, afterReturn } = run.options;
    if (onFailure === undefined && afterReturn === undefined) return this.#settled(run, outcome);
    return this.#afterHooks(run, outcome, [
      ['onFailure', () => onFailure?.(run, error)],
      ['afterReturn', () => afterReturn?.(run, { state: 'FAILURE', error })],
    ]);
  }

  /** A failure stays one, even when what was to follow it cannot be made out. */
  #addFollowUp(run: TaskRun, details: OutcomeDetails, error: unknown, state: 'FAILURE' | 'REVOKED'): void {
    try {
      const followUp = followFailure(run, error, state);
      if (followUp !== undefined) details.followUp = followUp;
    } catch (problem) {
      this.#report(`what follows the failure of ${run.name}[${run.id}] cannot be made out`, problem);
    }
  }

  /** The outcome, once the states that the task stored on its way are stored. */
  #settled(run: TaskRun, outcome: Outcome): Outcome | Promise<Outcome> {
    const { updates } = run;
    if (updates === undefined || updates.size === 0) return outcome;
    return Promise.all(updates).then(() => outcome);
  }

  async #afterHooks(
    run: TaskRun,
    outcome: Outcome,
    hooks: readonly (readonly [keyof TaskHooks, () => unknown])[],
  ): Promise<Outcome> {
    for (const [name, call] of hooks) {
      try {
        await call();
      } catch (error) {
        if (error instanceof SystemExit) throw error;
        this.#report(`${String(name)} of ${run.name}[${run.id}] threw; the task's outcome stays`, error);
      }
    }
    return this.#settled(run, outcome);
  }

  #ignoresResult(run: TaskRun): boolean {
    return !this.#settings.results || run.wire[5] || run.options.ignoreResult;
  }

  #keepsError(run: TaskRun): boolean {
    return this.#settings.results && (!this.#ignoresResult(run) || run.options.storeErrorsEvenIfIgnored);
  }
}

/** An error as data, without our frames in its stack. */
function describe(error: unknown, expected = false): ExceptionInfoData {
  const data = ExceptionInfo.from(error, { expected }).toJSON();
  if (data.stack !== undefined) data.stack = trimStack(data.stack);
  return data;
}

function childrenOf(run: TaskRun, followUp: FollowUp | undefined): readonly ResultNode[] | undefined {
  if (followUp === undefined) return run.children;
  return [...(run.children ?? []), ...followUp.children];
}

const NO_HEADERS: Record<string, unknown> = Object.freeze({});

function seconds(since: number): number {
  return (performance.now() - since) / 1000;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}
