import type { AnyTask } from '@pool/app';
import type { ApplyOptions, ExceptionInfo, Job } from '@pool/core';
import type { Message, TaskHeaders } from '@pool/message';
import type { Delivery } from '@pool/transport';
import type { Ending, Verdict } from '../ack-policy.js';
import type { Outcome } from '../tracer/outcome.js';

/**
 * Where a request is: `held` until its ETA, `limited` by a rate, `reserved` for a slot, `accepted` by one, `ending`
 * while its outcome is on its way to the store and the broker, `ended`.
 */
export type RequestState = 'received' | 'held' | 'limited' | 'reserved' | 'accepted' | 'ending' | 'ended';

/** Who a request reports to. */
export interface RequestHost {
  onAccepted(request: Request): void;
  onOutcome(request: Request, outcome: Outcome): void;
  onFailed(request: Request, info: ExceptionInfo): void;
  onTimeout(request: Request, soft: boolean, seconds: number): void;
  onPosted(request: Request, value: unknown): void;
}

/** What remote control and events show of a request, in Celery's words. */
export interface RequestInfo {
  readonly id: string;
  readonly name: string;
  readonly args: string | null;
  readonly kwargs: string | null;
  readonly type: string;
  readonly hostname: string;
  /** Unix seconds; null before it started. */
  readonly time_start: number | null;
  readonly acknowledged: boolean;
  readonly delivery_info: {
    readonly exchange: string;
    readonly routing_key: string;
    readonly priority: number | null;
    readonly redelivered: boolean;
  };
  readonly worker_pid: number | null;
}

/**
 * One message of a task, from its delivery to its outcome. It is its own options of `applyAsync`: the pool calls the
 * callbacks as methods, so a task costs no closures.
 */
export class Request implements ApplyOptions<Outcome> {
  readonly headers: TaskHeaders;
  readonly task: AnyTask;
  readonly timeout: number | undefined;
  readonly softTimeout: number | undefined;
  /** Whether the message is settled only when the outcome stands. */
  readonly acksLate: boolean;
  /** When it came in, in milliseconds on the monotonic clock. */
  readonly receivedAt: number;
  /** The delivery it is settled with; another one after the broker delivered the message again. */
  delivery: Delivery;
  /** The message in protocol 2, whatever it came in. */
  readonly message: Message;
  state: RequestState = 'received';
  job: Job<Outcome> | undefined = undefined;
  pid: number | undefined = undefined;
  /** When it was accepted, in seconds on the monotonic clock. */
  acceptedAt: number | undefined = undefined;
  /** The same in Unix milliseconds. */
  startedAt: number | undefined = undefined;
  /** Whether it is not to be run any more; a revoked id may be forgotten before a task's ETA. */
  revoked = false;
  /** The signal to end it with, once somebody asked for that. */
  terminateSignal: NodeJS.Signals | undefined = undefined;
  /** How it ended, what follows from that, and with what; for whoever finishes it. */
  ending: Ending | undefined = undefined;
  verdict: Verdict | undefined = undefined;
  outcome: Outcome | undefined = undefined;
  /** @internal Its place among the requests that are held: neighbours in their order, and in a bucket of their ids. */
  previous: Request | undefined = undefined;
  /** @internal */
  next: Request | undefined = undefined;
  /** @internal */
  nextInBucket: Request | undefined = undefined;
  /** @internal */
  hash = 0;
  readonly #host: RequestHost;

  constructor(
    host: RequestHost,
    delivery: Delivery,
    message: Message,
    headers: TaskHeaders,
    task: AnyTask,
    limits: { timeout: number | undefined; softTimeout: number | undefined },
  ) {
    this.#host = host;
    this.delivery = delivery;
    this.message = message;
    this.headers = headers;
    this.task = task;
    this.acksLate = task.options.acksLate;
    this.timeout = limits.timeout;
    this.softTimeout = limits.softTimeout;
    this.receivedAt = performance.now();
  }

  get id(): string {
    return this.headers.id;
  }

  /** The name to show. */
  get name(): string {
    return this.headers.shadow ?? this.headers.task;
  }

  get correlationId(): string {
    return this.headers.id;
  }

  get scheduleKey(): string {
    return this.headers.task;
  }

  /** Whether the message is still the broker's. */
  get unsettled(): boolean {
    return this.delivery.settled === undefined;
  }

  /** Which delivery of the message this is, from 1, as far as the broker says. */
  get deliveries(): number {
    const { deliveryCount, redelivered } = this.delivery;
    return deliveryCount === undefined ? (redelivered ? 2 : 1) : deliveryCount + 1;
  }

  /** Whether nobody wants it any more. */
  isExpired(now: number = Date.now()): boolean {
    const { expires } = this.headers;
    return expires !== null && expires.getTime() <= now;
  }

  acceptCallback(pid: number, timeAccepted: number): void {
    this.pid = pid;
    // A pool may take a job back that proves never to have begun, and start it again.
    if (this.acceptedAt !== undefined) return;
    this.state = 'accepted';
    this.acceptedAt = timeAccepted;
    this.startedAt = Date.now();
    this.#host.onAccepted(this);
  }

  messageCallback(value: unknown): void {
    this.#host.onPosted(this, value);
  }

  timeoutCallback(soft: boolean, timeout: number): void {
    this.#host.onTimeout(this, soft, timeout);
  }

  callback(outcome: Outcome): void {
    this.#host.onOutcome(this, outcome);
  }

  errorCallback(info: ExceptionInfo): void {
    this.#host.onFailed(this, info);
  }

  /** What remote control shows. */
  info(hostname: string): RequestInfo {
    const { headers, delivery } = this;
    return {
      id: headers.id,
      name: headers.task,
      args: headers.argsrepr,
      kwargs: headers.kwargsrepr,
      type: headers.task,
      hostname,
      time_start: this.startedAt === undefined ? null : this.startedAt / 1000,
      acknowledged: !this.unsettled,
      delivery_info: {
        exchange: delivery.exchange,
        routing_key: delivery.routingKey,
        priority: this.message.properties.priority ?? null,
        redelivered: delivery.redelivered,
      },
      worker_pid: this.pid ?? null,
    };
  }
}

/** Hard and soft limit of a task: header, then task, then the worker's own, as in Celery; a header's pair is [hard, soft]. */
export function limitsOf(
  timelimit: readonly [hard: number | null, soft: number | null],
  task: { readonly timeLimit?: number; readonly softTimeLimit?: number },
): { timeout: number | undefined; softTimeout: number | undefined } {
  const [hard, soft] = timelimit;
  // A limit of 0 is none, as in Celery, where it is falsy. The worker's own limits are the pool's defaults.
  return {
    timeout: hard || task.timeLimit || undefined,
    softTimeout: soft || task.softTimeLimit || undefined,
  };
}
