import type { EventEmitter } from 'node:events';
import type { App, FollowUp } from '@pool/app';
import { ExceptionInfo } from '@pool/core';
import type { ResultStore } from '@pool/results';
import { backOff, holdUntilAside, type Transport } from '@pool/transport';
import { type Ending, judge, type Settling, type Verdict } from '../ack-policy.js';
import type { StoreStatus } from '../connect.js';
import type { WorkerCounters } from '../counters.js';
import type { WorkerLogger } from '../logging/logger.js';
import { pause } from '../pause.js';
import { bareErrorDocument } from '../tracer/documents.js';
import {
  FAILURE,
  IGNORE,
  MALFORMED,
  type Outcome,
  REJECT,
  REPLACED,
  REQUEUE,
  RETRY,
  REVOKED,
  SUCCESS,
} from '../tracer/outcome.js';
import type { WorkerEvents } from '../worker-events.js';
import { announce } from './announce.js';
import type { Request } from './request.js';
import { ResultWriter } from './result-writer.js';
import { retryMessage } from './retry-message.js';

/** What finishing a request needs of its worker. */
export interface FinisherContext {
  readonly app: App;
  readonly transport: Transport;
  /** Absent when the app keeps no results. */
  readonly store: ResultStore | undefined;
  readonly storeStatus: StoreStatus;
  readonly logger: WorkerLogger;
  readonly counters: WorkerCounters;
  readonly events: EventEmitter<WorkerEvents>;
  /** The request holds nothing any more. */
  onEnded(request: Request): void;
}

const endings: Readonly<Record<Outcome[0], Ending>> = {
  [SUCCESS]: 'success',
  [FAILURE]: 'failure',
  [RETRY]: 'retry',
  [IGNORE]: 'ignore',
  [REJECT]: 'reject',
  [REQUEUE]: 'requeue',
  [REPLACED]: 'ignore',
  [MALFORMED]: 'failure',
  [REVOKED]: 'revoked',
};

const states: Partial<Record<Outcome[0], string>> = {
  [SUCCESS]: 'SUCCESS',
  [FAILURE]: 'FAILURE',
  [MALFORMED]: 'FAILURE',
  [REJECT]: 'FAILURE',
  [RETRY]: 'RETRY',
  [REVOKED]: 'REVOKED',
};

/** Endings after which a message is delivered again a bounded number of times, `maxDeliveries`; and one that never counts. */
const attempted: ReadonlyMap<Ending | undefined, boolean> = new Map<Ending, boolean>([
  ['timeout', true],
  ['lost', true],
  ['discarded', false],
]);

/**
 * Whose state is stored before anything follows: the next try would tell of itself too soon, and an errback, which gets
 * no more than the id of what failed, looks there for the error.
 */
const storedFirst: ReadonlySet<Outcome[0]> = new Set([RETRY, FAILURE, MALFORMED, REJECT, REVOKED]);

/** How often followers are tried to be published before the task's message is given back. */
const PUBLISH_ATTEMPTS = 5;

/**
 * The one way a request ends. Whatever happened to it, the order is the same: what follows a success is published and then
 * its state stored, of anything else in `storedFirst` the other way round, as in Celery; its message is settled, and then
 * it is logged, counted and told. So they never disagree, and a message that is settled late is settled only when
 * everything else is safe.
 */
export class Finisher {
  readonly #context: FinisherContext;
  readonly #writer: ResultWriter<Request> | undefined;
  readonly #givingUp: AbortController = new AbortController();
  #pending = 0;
  #waiters: (() => void)[] = [];

  constructor(context: FinisherContext) {
    this.#context = context;
    const { store } = context;
    if (store !== undefined)
      this.#writer = new ResultWriter({ ...context, store }, (request, error) =>
        this.#onStored(request, error),
      );
  }

  /** How many requests are on their way to their end. */
  get pending(): number {
    return this.#pending;
  }

  /** Resolves when none is. */
  drained(): Promise<void> {
    if (this.#pending === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters.push(resolve);
    });
  }

  /** From now on nothing is tried again: what cannot be done at once is given back to the broker. */
  giveUp(): void {
    this.#givingUp.abort();
    this.#writer?.giveUp();
  }

  /** A task ran to its end. */
  finish(request: Request, outcome: Outcome): void {
    const ending = endings[outcome[0]];
    if (outcome[0] === MALFORMED) {
      this.#conclude(request, ending, { settle: 'aside', final: true }, outcome);
    } else if (ending === 'requeue' && !request.unsettled) {
      // Rejecting back into the queue is for messages that are acknowledged late; this one is gone.
      this.#conclude(request, 'reject', { settle: 'reject', final: true }, [
        REJECT,
        bareErrorDocument(this.#context.app, request.id, 'FAILURE', errorOf(outcome)),
        outcome[2],
        outcome[3],
      ]);
    } else {
      this.end(request, ending, outcome);
    }
  }

  /** What follows from an ending, given how often the message was delivered. */
  judge(request: Request, ending: Ending): Verdict {
    return judge(ending, request.task.options, request.unsettled, request.deliveries);
  }

  /** A request ends, in whatever way, with this outcome if it stands. */
  end(request: Request, ending: Ending, outcome: Outcome): void {
    this.#conclude(request, ending, this.judge(request, ending), outcome);
  }

  #conclude(request: Request, ending: Ending, verdict: Verdict, outcome: Outcome): void {
    if (request.state === 'ending' || request.state === 'ended') return;
    request.state = 'ending';
    request.ending = ending;
    request.verdict = verdict;
    request.outcome = outcome;
    this.#pending += 1;
    if (!verdict.final) this.#settle(request);
    else if (storedFirst.has(outcome[0]) || !hasFollowers(outcome)) this.#store(request, outcome);
    else void this.#follow(request, outcome);
  }

  /** Publishes what follows the task, then goes on. */
  async #follow(request: Request, outcome: Outcome): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        await this.#publishFollowers(request, outcome);
        break;
      } catch (error) {
        const { logger } = this.#context;
        const about = `what follows ${request.name}[${request.id}] could not be published`;
        const last = this.#givingUp.signal.aborted || (request.unsettled && attempt + 1 >= PUBLISH_ATTEMPTS);
        if (last) {
          logger.error({ err: error, taskId: request.id }, about);
          this.#loseFollowers(request, outcome, error);
          return;
        }
        logger.warn({ err: error, taskId: request.id }, `${about}; trying again`);
        await pause(backOff(attempt), this.#givingUp.signal);
      }
    }
    if (storedFirst.has(outcome[0])) this.#settle(request);
    else this.#store(request, outcome);
  }

  async #publishFollowers(request: Request, outcome: Outcome): Promise<void> {
    const { app, transport } = this.#context;
    const details = outcome[3];
    if (details?.retry !== undefined) {
      const delays = transport.capabilities.delayedDelivery;
      await app.publish([retryMessage(app, request, details.retry, delays)]);
    }
    if (details?.followUp !== undefined) await app.follow(dated(details.followUp));
  }

  /** The task ran, but what follows it is nowhere: it runs again if the broker still has it, else it has failed. */
  #loseFollowers(request: Request, outcome: Outcome, error: unknown): void {
    if (request.unsettled) {
      request.verdict = { settle: 'requeue', final: false };
      this.#settle(request);
      return;
    }
    request.ending = 'failure';
    request.outcome = [
      FAILURE,
      bareErrorDocument(this.#context.app, request.id, 'FAILURE', error),
      outcome[2],
      { error: ExceptionInfo.from(error).toJSON() },
    ];
    this.#store(request, request.outcome);
  }

  #store(request: Request, outcome: Outcome): void {
    const document = outcome[1];
    if (document === null || this.#writer === undefined) {
      this.#stored(request);
      return;
    }
    const { headers } = request;
    this.#writer.add(
      {
        id: headers.id,
        state: states[outcome[0]] ?? 'FAILURE',
        document,
        replyTo: headers.replyTo,
        correlationId: headers.correlationId,
      },
      request,
    );
  }

  #onStored(request: Request, error: Error | undefined): void {
    if (error === undefined) {
      this.#stored(request);
      return;
    }
    const { logger, counters } = this.#context;
    const what = `the outcome of ${request.name}[${request.id}] could not be stored`;
    if (request.unsettled) {
      logger.error({ err: error, taskId: request.id }, `${what}: its message goes back to the broker`);
      request.verdict = { settle: 'requeue', final: false };
      this.#settle(request);
    } else {
      counters.unstored += 1;
      logger.error({ err: error, taskId: request.id }, `${what}: it is lost`);
      this.#stored(request);
    }
  }

  #stored(request: Request): void {
    const outcome = request.outcome as Outcome;
    if (storedFirst.has(outcome[0]) && hasFollowers(outcome)) void this.#follow(request, outcome);
    else this.#settle(request);
  }

  #settle(request: Request): void {
    const { settle } = request.verdict as Verdict;
    if (settle === 'aside') {
      void this.#setAside(request);
      return;
    }
    settleDelivery(request, settle);
    this.#ended(request);
  }

  async #setAside(request: Request): Promise<void> {
    const { transport, logger } = this.#context;
    const reason = errorOf(request.outcome as Outcome).toString();
    const onFailed = (error: Error): void => {
      logger.error(
        { err: error, taskId: request.id },
        `${request.name}[${request.id}] could not be set aside; it is held, and tried again`,
      );
    };
    const { signal } = this.#givingUp;
    const isAside = await holdUntilAside(transport, request.delivery, reason, { onFailed, signal });
    if (!isAside) settleDelivery(request, 'requeue');
    this.#ended(request);
  }

  #ended(request: Request): void {
    request.state = 'ended';
    this.#pending -= 1;
    announce(request, this.#context);
    this.#context.onEnded(request);
    if (this.#pending > 0 || this.#waiters.length === 0) return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }
}

function hasFollowers([, , , details]: Outcome): boolean {
  return details !== null && (details.retry !== undefined || details.followUp !== undefined);
}

function settleDelivery(request: Request, settle: Settling): void {
  const { delivery } = request;
  if (settle === 'ack') delivery.ack();
  else delivery.reject({ requeue: settle === 'requeue', attempted: attempted.get(request.ending) });
}

/** Dates do not cross from a child, so the failures that follow get theirs here. */
function dated(followUp: FollowUp): FollowUp {
  const dateDone = new Date();
  return { ...followUp, results: followUp.results.map((result) => ({ ...result, dateDone })) };
}

function errorOf(outcome: Outcome): ExceptionInfo {
  return new ExceptionInfo(outcome[3]?.error ?? { type: 'Error', message: 'the task failed' });
}
