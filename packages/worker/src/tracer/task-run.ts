import {
  type AnyTask,
  type App,
  type Planning,
  planChild,
  Replace,
  type ResolvedTaskOptions,
  type ResultHandle,
  Retry,
  type RetryOptions,
  resultHandle,
  type SendOptions,
  type SignatureLike,
  signatureData,
  type TaskContext,
  type TaskRequest,
} from '@pool/app';
import type { JobContext } from '@pool/core';
import type { ResultNode, TaskBody } from '@pool/message';
import { MaxRetriesExceededError } from '@pool/results';
import { stateDocument } from './documents.js';
import { toTaskRequest, type WireRequest } from './wire-request.js';

const never: AbortSignal = new AbortController().signal;

/** One run of a task: what a bound task gets as `self`. */
export class TaskRun implements TaskContext {
  readonly app: App;
  readonly task: AnyTask;
  readonly id: string;
  readonly wire: WireRequest;
  readonly body: TaskBody;
  /** When the run began, in milliseconds on the monotonic clock. */
  readonly startedAt: number;
  readonly #hostname: string;
  readonly #job: JobContext | undefined;
  #request: TaskRequest | undefined = undefined;
  #updates: Set<Promise<void>> | undefined = undefined;
  #children: ResultNode[] | undefined = undefined;

  constructor(
    app: App,
    task: AnyTask,
    id: string,
    wire: WireRequest,
    body: TaskBody,
    startedAt: number,
    hostname: string,
    job: JobContext | undefined,
  ) {
    this.app = app;
    this.task = task;
    this.id = id;
    this.wire = wire;
    this.body = body;
    this.startedAt = startedAt;
    this.#hostname = hostname;
    this.#job = job;
  }

  get name(): string {
    return this.task.name;
  }

  get options(): ResolvedTaskOptions {
    return this.task.options;
  }

  get request(): TaskRequest {
    this.#request ??= toTaskRequest(this.task.name, this.id, this.wire, this.body, this.#hostname);
    return this.#request;
  }

  get signal(): AbortSignal {
    return this.#job?.signal ?? never;
  }

  get retries(): number {
    return this.wire[0];
  }

  /** States that are on their way to the store; the outcome must not overtake them. */
  get updates(): ReadonlySet<Promise<void>> | undefined {
    return this.#updates;
  }

  /** The results of what this run has sent. */
  get children(): readonly ResultNode[] | undefined {
    return this.#children;
  }

  updateState(state: string, meta?: unknown): Promise<void> {
    if (typeof state !== 'string' || state === '')
      return Promise.reject(new TypeError('a state needs a name'));
    const update = this.#store(state, meta);
    this.#updates ??= new Set();
    const updates = this.#updates;
    const settled = update.then(
      () => {},
      () => {},
    );
    updates.add(settled);
    void settled.then(() => updates.delete(settled));
    return update;
  }

  retry(options: RetryOptions = {}): never {
    const { maxRetries = this.options.maxRetries, error } = options;
    if (maxRetries === null || this.retries < maxRetries) throw new Retry(options);
    if (error !== undefined) throw error;
    throw new MaxRetriesExceededError(
      `${this.name}[${this.id}] cannot be retried: all ${maxRetries} retries are used up`,
      {
        taskId: this.id,
      },
    );
  }

  replace(signature: SignatureLike): never {
    throw new Replace(signatureData(signature));
  }

  async send(
    task: string | SignatureLike,
    args: readonly unknown[] = [],
    options: SendOptions = {},
  ): Promise<ResultHandle> {
    const plan = planChild(this.planning(), this.request, task, args, options);
    await this.app.follow(plan);
    this.#children ??= [];
    this.#children.push(plan.result);
    return resultHandle(() => this.app.resultStore(), plan.result);
  }

  /** What working out followers needs. */
  planning(): Planning {
    return this.app.planning(this.wire[6] ?? undefined);
  }

  /** Through the parent where there is one, so that a child needs no connection of its own. */
  async #store(state: string, meta: unknown): Promise<void> {
    if (!this.app.hasResultStore || this.wire[5]) return;
    const document = stateDocument(this, state, meta);
    if (this.#job !== undefined) {
      this.#job.postMessage([state, document]);
      return;
    }
    const store = await this.app.resultStore();
    const [replyTo, correlationId] = [this.wire[6], this.wire[7] ?? this.id];
    await store.store({ id: this.id, state, document, replyTo, correlationId });
  }
}
