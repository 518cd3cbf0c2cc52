import {
  type AnyTask,
  type App,
  type AsyncResult,
  Replace,
  type ResolvedTaskOptions,
  Retry,
  type RetryOptions,
  type SendOptions,
  type SignatureLike,
  signatureData,
  type TaskContext,
  type TaskRequest,
} from '@pool/app';
import type { JobContext } from '@pool/core';
import type { TaskBody } from '@pool/message';
import { MaxRetriesExceededError } from '@pool/results';
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

  send(
    name: string,
    args: readonly unknown[] = [],
    options: SendOptions = {},
  ): Promise<AsyncResult<unknown>> {
    const { rootId, stamps } = this.request;
    return this.app.sendTask(name, args, {
      rootId,
      parentId: this.id,
      ...(this.request.stampedHeaders.length > 0 ? { stamps } : {}),
      ...options,
    });
  }

  async #store(state: string, meta: unknown): Promise<void> {
    const store = await this.app.resultStore();
    await store.updateState(this.id, state, meta, {
      replyTo: this.wire[6],
      correlationId: this.wire[7] ?? this.id,
    });
  }
}
