import { EventEmitter } from 'node:events';
import { type Codec, createCodec, createSignature } from '@pool/message';
import type { ResultStore } from '@pool/results';
import type { Transport } from '@pool/transport';
import { type AppOptions, checkAppOptions } from './app-options.js';
import { AsyncResult } from './async-result.js';
import { builtinTasks } from './builtin-tasks.js';
import { Connections } from './connections.js';
import { AlreadyRegisteredError, AppClosedError } from './errors.js';
import { GroupResult } from './group-result.js';
import { type Call, type OutgoingContext, type OutgoingTask, prepareTask } from './outgoing.js';
import { Publisher } from './publisher.js';
import { Queues } from './queues.js';
import { resultHandle } from './result-handle.js';
import { Router } from './routing.js';
import type { SendOptions } from './send-options.js';
import { SentTask } from './sent-task.js';
import { Signature } from './signature.js';
import { type SignatureLike, signatureData } from './signature-data.js';
import { type AnyTask, type BoundTaskFunction, Task, type TaskFunction } from './task.js';
import { resolveTaskOptions } from './task-defaults.js';
import type { ResolvedTaskOptions, TaskOptions } from './task-options.js';
import type { TraceHeaders } from './telemetry.js';
import { internalOptions, toWireOptions } from './wire-options.js';
import { follow } from './workflow/follow.js';
import type { FollowUp } from './workflow/follow-up.js';
import { type Planning, planSignature } from './workflow/plan.js';

export interface AppEvents {
  /** A message is about to be published; its headers may be added to. */
  beforeTaskPublish: [task: OutgoingTask];
  /** The broker has the message. */
  afterTaskPublish: [task: OutgoingTask];
}

/**
 * The tasks of a program, its broker and its results. Making one does nothing else: connections are made when they
 * are first needed, by producers and workers alike.
 *
 * ```ts
 * const app = new App('demo', { broker: 'redis://localhost', resultBackend: 'redis://localhost' });
 * const add = app.task('demo.add', (x: number, y: number) => x + y);
 * const result = await add.delay(2, 3);
 * await result.get({ timeout: 10 }); // 5
 * ```
 */
export class App extends EventEmitter<AppEvents> implements AsyncDisposable {
  readonly name: string;
  readonly options: Readonly<AppOptions>;
  readonly codec: Codec;
  readonly queues: Queues;
  readonly router: Router;
  readonly #tasks = new Map<string, AnyTask>();
  readonly #connections: Connections;
  readonly #publisher: Publisher;
  /** What was begun and must end before the connections are closed. */
  readonly #pending = new Set<Promise<unknown>>();
  readonly #outgoing: OutgoingContext;
  #closing: Promise<void> | undefined;

  /** @throws {ConfigError} a setting is unknown or wrong */
  constructor(name: string, options: AppOptions = {}) {
    super();
    if (typeof name !== 'string' || name === '') throw new TypeError('an app needs a name');
    checkAppOptions(name, options);
    this.name = name;
    this.options = Object.freeze({ ...options });
    const { acceptContent = ['json'], taskDefaultQueue = 'celery' } = options;
    const exchange = options.taskDefaultExchange ?? taskDefaultQueue;
    const routingKey = options.taskDefaultRoutingKey ?? taskDefaultQueue;
    this.codec = createCodec({ ...options.codec, acceptContent });
    this.router = new Router(options.taskRoutes);
    this.queues = new Queues({
      queues: options.taskQueues ?? [],
      defaultQueue: taskDefaultQueue,
      defaultExchange: exchange,
      defaultExchangeType: options.taskDefaultExchangeType ?? 'direct',
      defaultRoutingKey: routingKey,
      createMissing: options.taskCreateMissingQueues ?? true,
      maxPriority: options.taskQueueMaxPriority,
    });
    this.#connections = new Connections(name, this.options, this.codec);
    this.#publisher = new Publisher(
      () => this.#connections.connectedTransport(),
      this.queues,
      options.taskPublishRetryPolicy,
    );
    this.#outgoing = {
      newId: () => this.#connections.newTaskId(),
      codec: this.codec,
      queues: this.queues,
      router: this.router,
      defaults: {
        queue: taskDefaultQueue,
        exchange,
        routingKey,
        priority: options.taskDefaultPriority,
        serializer: options.taskSerializer ?? 'json',
        compression: options.taskCompression,
        ignoreResult: options.taskIgnoreResult ?? false,
        retry: options.taskPublishRetry ?? true,
      },
    };
    for (const task of builtinTasks(this)) this.#tasks.set(task.name, task as unknown as AnyTask);
  }

  /** The tasks of this app by name, with those every app has (`celery.map`, …). */
  get tasks(): ReadonlyMap<string, AnyTask> {
    return this.#tasks;
  }

  /** Whether results are kept at all. */
  get hasResultStore(): boolean {
    return this.#connections.resultBackend !== undefined;
  }

  /**
   * Defines a task.
   * @throws {ConfigError} an option is unknown or wrong
   * @throws {AlreadyRegisteredError}
   */
  task<Args extends readonly unknown[], Result>(
    name: string,
    fn: TaskFunction<Args, Result>,
  ): Task<Args, Result>;
  task<Args extends readonly unknown[], Result>(
    name: string,
    options: TaskOptions & { bind: true },
    fn: BoundTaskFunction<Args, Result>,
  ): Task<Args, Result>;
  task<Args extends readonly unknown[], Result>(
    name: string,
    options: TaskOptions & { bind?: false },
    fn: TaskFunction<Args, Result>,
  ): Task<Args, Result>;
  task<Args extends readonly unknown[], Result>(
    name: string,
    optionsOrFn: TaskOptions | TaskFunction<Args, Result>,
    fnAfterOptions?: TaskFunction<Args, Result> | BoundTaskFunction<Args, Result>,
  ): Task<Args, Result> {
    const [given, fn] = typeof optionsOrFn === 'function' ? [{}, optionsOrFn] : [optionsOrFn, fnAfterOptions];
    if (typeof name !== 'string' || name === '') throw new TypeError('a task needs a name');
    if (typeof fn !== 'function') throw new TypeError(`task ${name} needs a function`);
    if (this.#tasks.has(name))
      throw new AlreadyRegisteredError(`app ${this.name} has a task ${name} already`);
    const options = this.resolveTaskOptions(name, given);
    const task = new Task<Args, Result>(this, { name, fn, options });
    this.#tasks.set(name, task as unknown as AnyTask);
    return task;
  }

  /** Sends a task by its name, without its code. Options as in {@link Task.applyAsync}. */
  sendTask<Result = unknown>(
    name: string,
    args: readonly unknown[] = [],
    options: SendOptions = {},
  ): SentTask<Result> {
    return new SentTask<Result>((onPrepared) =>
      this.#track(async () => {
        const { kwargs = {}, ...rest } = options;
        const task = await this.prepare({ name, args, kwargs, options: internalOptions(rest) });
        const result = new AsyncResult<Result>(() => this.resultStore(), task.id, {
          ignored: task.ignoreResult,
        });
        onPrepared(result);
        await this.#publish([task]);
        return result;
      }),
    );
  }

  /** Sends a signature of any kind, with `args` before its own and `options` over its own. */
  sendSignature(
    signature: SignatureLike,
    args: readonly unknown[] = [],
    options: SendOptions = {},
  ): Promise<AsyncResult | GroupResult> {
    return this.#track(async () => {
      const { kwargs = {}, ...rest } = options;
      const planning = this.planning(await this.#connections.replyTo());
      const given = { args, kwargs, options: internalOptions(rest) };
      const plan = planSignature(planning, signatureData(signature), given);
      await follow(this, plan, (tasks) => this.#publish(tasks));
      const ignored = new Set(plan.messages.filter((one) => one.ignoreResult).map((one) => one.id));
      return resultHandle(() => this.resultStore(), plan.result, ignored);
    });
  }

  /** The result of a task that was sent from anywhere, by its id. */
  AsyncResult<Result = unknown>(id: string): AsyncResult<Result> {
    return new AsyncResult<Result>(() => this.resultStore(), id);
  }

  /** The results of a group that was saved, by its id; `undefined` if the store knows of none. */
  async groupResult(id: string): Promise<GroupResult | undefined> {
    const node = await (await this.resultStore()).getGroup(id);
    const handle = node && resultHandle(() => this.resultStore(), node);
    return handle instanceof GroupResult ? handle : undefined;
  }

  /** A signature of a task by its name. */
  signature<Result = unknown>(
    name: string,
    args: readonly unknown[] = [],
    options: SendOptions = {},
  ): Signature<Result> {
    const { kwargs = {}, ...rest } = options;
    const data = createSignature(name, {
      args: [...args],
      kwargs: { ...kwargs },
      options: toWireOptions(rest),
    });
    return new Signature<Result>(this, data);
  }

  /** Makes the message of a call, to be published later. Keyword arguments of a task known here are checked. */
  async prepare(call: Call): Promise<OutgoingTask> {
    const replyTo = await this.#connections.replyTo();
    const options = replyTo === undefined ? call.options : { replyTo, ...call.options };
    return this.prepareNow({ ...call, options });
  }

  /** As `prepare`, without waiting for a result store that answers to the sender: what a running task uses. */
  prepareNow(call: Call, trace: TraceHeaders | undefined = this.options.telemetry?.headers()): OutgoingTask {
    const task = this.#tasks.get(call.name);
    const outgoing = prepareTask(task ? { ...call, task: task.options } : call, this.#outgoing);
    if (trace !== undefined) Object.assign(outgoing.message.headers, trace);
    return outgoing;
  }

  /** Task options with the app's defaults filled in. @throws {ConfigError} one is unknown or wrong */
  resolveTaskOptions(name: string, options: TaskOptions): ResolvedTaskOptions {
    return resolveTaskOptions(name, options, this.options);
  }

  /** What working out a workflow needs of the app. `replyTo` and `trace` go into its messages. */
  planning(replyTo?: string, trace: TraceHeaders | undefined = this.options.telemetry?.headers()): Planning {
    const prepare = (call: Call): OutgoingTask => this.prepareNow(call, trace);
    return { prepare, codec: this.codec, replyTo, trace, chordUnlock: this.options.taskChordUnlock };
  }

  /** Does what a plan or a follow-up says; resolves when it has happened. */
  follow(followUp: Partial<FollowUp>): Promise<void> {
    return this.#track(() => follow(this, followUp, (tasks) => this.#publish(tasks)));
  }

  /** Publishes messages; resolves when the broker has them all. */
  publish(tasks: readonly OutgoingTask[]): Promise<void> {
    return this.#track(() => this.#publish(tasks));
  }

  /** The app's transport, perhaps not connected yet. @throws {ConfigError} no broker is set */
  transport(): Promise<Transport> {
    return this.#connections.transport();
  }

  /** The app's result store; it connects by itself. @throws {ConfigError} no result backend is set */
  resultStore(): Promise<ResultStore> {
    return this.#connections.resultStore();
  }

  /** Waits for what was begun, then closes the connections the app made. Safe to call again. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #track<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closing) throw new AppClosedError(`app ${this.name} is closed`);
    const working = work();
    this.#pending.add(working);
    try {
      return await working;
    } finally {
      this.#pending.delete(working);
    }
  }

  async #publish(tasks: readonly OutgoingTask[]): Promise<void> {
    await Promise.all(
      tasks.map(async (task) => {
        this.emit('beforeTaskPublish', task);
        const { telemetry } = this.options;
        if (telemetry === undefined) await this.#publisher.publish(task);
        else await telemetry.publish(task, () => this.#publisher.publish(task));
        this.emit('afterTaskPublish', task);
      }),
    );
  }

  async #close(): Promise<void> {
    await Promise.allSettled([...this.#pending]);
    await this.#connections.close();
    await this.options.telemetry?.flush?.();
  }
}
