import { EventEmitter } from 'node:events';
import { EXCEPTION_STATES, PENDING, PROPAGATE_STATES, READY_STATES, SUCCESS } from '@pool/message';
import { type ResultDocument, type ResultStore, taskErrorFrom } from '@pool/results';
import { type ResultHandle, resultHandle } from './result-handle.js';

export interface GetOptions {
  /** Seconds to wait; then `ResultTimeoutError`. @default no limit */
  timeout?: number;
  /** Ends the wait with the signal's reason. */
  signal?: AbortSignal;
  /** Throw the task's error if it failed; otherwise return it. @default true */
  propagate?: boolean;
  /** The task was sent just now: spares a look at the store, as `delay(…).get()` does. @default false */
  fresh?: boolean;
  /** The sending of the task. If it fails, so does the wait, for the same reason. */
  sent?: Promise<unknown>;
}

/** What a result tells while it is awaited. */
export interface AsyncResultEvents {
  /** The task stored a state of its own (`updateState`): its meta and its name. */
  progress: [meta: unknown, state: string];
  /** The stored document changed. */
  state: [state: string, document: ResultDocument];
  /** The task ended; no more events come. */
  ready: [document: ResultDocument];
  /** The result store could not be read. Nothing is thrown if nobody listens: `get` says it too. */
  error: [error: Error];
}

/** Where a result's documents are, found when they are first asked for. */
export type ResultSource = () => Promise<ResultStore>;

/** What a document says the task came to: its result, or the error it failed with. */
export function resultOf({ taskId, status, result, traceback }: ResultDocument): unknown {
  return EXCEPTION_STATES.has(status) ? taskErrorFrom(result, { taskId, traceback }) : result;
}

/** The result of a task that was sent: a promise that can be asked in any process, by its id. */
export class AsyncResult<Result = unknown> implements ResultHandle<Result> {
  readonly id: string;
  /** The result of the task before it in the chain. */
  readonly parent: ResultHandle | null;
  /** The task was sent with `ignoreResult`: there will be no result. */
  readonly ignored: boolean;
  readonly #source: ResultSource;
  readonly #events = new EventEmitter();
  #document: ResultDocument | undefined;
  #unwatch: (() => void) | undefined;

  constructor(
    source: ResultSource,
    id: string,
    options: { parent?: ResultHandle | null; ignored?: boolean } = {},
  ) {
    this.#source = source;
    this.id = id;
    this.parent = options.parent ?? null;
    this.ignored = options.ignored ?? false;
  }

  /**
   * Waits for the task and returns its result. With `ignoreResult` there is none: `undefined`, at once.
   * @throws {TaskError} the task failed; the class and `excType` say how
   * @throws {ResultTimeoutError}
   */
  async get(options: GetOptions = {}): Promise<Result> {
    const { propagate = true, ...wait } = options;
    if (this.ignored) return undefined as Result;
    const document = this.#document ?? (await this.#wait(wait));
    const result = resultOf(document);
    if (propagate && PROPAGATE_STATES.has(document.status)) throw result;
    return result as Result;
  }

  /** What is stored for the task now; `undefined` for a task nothing is known of. */
  async document(): Promise<ResultDocument | undefined> {
    if (this.#document) return this.#document;
    const document = await (await this.#source()).get(this.id);
    if (document && READY_STATES.has(document.status)) this.#document = document;
    return document;
  }

  /** The task's state; `PENDING` also stands for a task nothing is known of. */
  async state(): Promise<string> {
    return (await this.document())?.status ?? PENDING;
  }

  /** Whether the task has ended, well or not. */
  async ready(): Promise<boolean> {
    return READY_STATES.has(await this.state());
  }

  async successful(): Promise<boolean> {
    return (await this.state()) === SUCCESS;
  }

  async failed(): Promise<boolean> {
    return PROPAGATE_STATES.has(await this.state());
  }

  /** The result, the error of a failed task, or the meta of a state such as `PROGRESS`. */
  async info(): Promise<unknown> {
    const document = await this.document();
    return document && resultOf(document);
  }

  /** The stack of a failed task, as its language prints it. */
  async traceback(): Promise<string | null> {
    return (await this.document())?.traceback ?? null;
  }

  /** Removes the result from the store. */
  async forget(): Promise<void> {
    this.#document = undefined;
    await (await this.#source()).forget(this.id);
  }

  /** The results of the tasks that this one sent, as far as they are stored. */
  async children(): Promise<ResultHandle[]> {
    const nodes = (await this.document())?.children ?? [];
    return nodes.map((node) => resultHandle(this.#source, node));
  }

  /**
   * Listens. The store is watched while anybody does, until the task ends; where it can, it is not polled. Who listens
   * after the end hears of it at once.
   */
  on<Name extends keyof AsyncResultEvents>(
    event: Name,
    listener: (...args: AsyncResultEvents[Name]) => void,
  ): this {
    const document = this.#document;
    if (document === undefined) {
      this.#events.on(event, listener);
      this.#startWatching();
      return this;
    }
    // Heard by this listener alone: the others have heard it.
    const late = new EventEmitter();
    late.on(event, listener);
    queueMicrotask(() => {
      late.emit('state', document.status, document);
      late.emit('ready', document);
    });
    return this;
  }

  off<Name extends keyof AsyncResultEvents>(
    event: Name,
    listener: (...args: AsyncResultEvents[Name]) => void,
  ): this {
    this.#events.off(event, listener);
    if (this.#events.eventNames().length === 0) this.#stopWatching();
    return this;
  }

  async #wait(options: Omit<GetOptions, 'propagate'>): Promise<ResultDocument> {
    const [document] = await (await this.#source()).waitFor([this.id], options);
    this.#document = document;
    return document as ResultDocument;
  }

  #startWatching(): void {
    if (this.#unwatch) return;
    let ended = false;
    this.#unwatch = () => {
      ended = true;
    };
    this.#source()
      .then((store) => {
        if (ended) return;
        this.#unwatch = store.watch(
          this.id,
          (document) => this.#onDocument(document),
          (error) => this.#onError(error),
        );
      })
      .catch((error: unknown) => this.#onError(error as Error));
  }

  #onError(error: Error): void {
    if (this.#events.listenerCount('error') > 0) this.#events.emit('error', error);
  }

  #onDocument(document: ResultDocument): void {
    const ready = READY_STATES.has(document.status);
    if (ready) this.#document = document;
    this.#events.emit('state', document.status, document);
    if (!ready && !CELERY_STATES.has(document.status))
      this.#events.emit('progress', document.result, document.status);
    if (!ready) return;
    this.#stopWatching();
    this.#events.emit('ready', document);
  }

  #stopWatching(): void {
    this.#unwatch?.();
    this.#unwatch = undefined;
  }
}

const CELERY_STATES: ReadonlySet<string> = new Set([
  'PENDING',
  'RECEIVED',
  'STARTED',
  'RETRY',
  'REJECTED',
  'IGNORED',
]);
