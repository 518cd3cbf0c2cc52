import { createSignature } from '@pool/message';
import type { App } from './app.js';
import { bindArguments, type Parameters, parseParameters } from './bind-arguments.js';
import { chunksSignature, mapSignature, starmapSignature } from './canvas.js';
import type { GroupResult } from './group-result.js';
import type { SendOptions } from './send-options.js';
import { SentTask } from './sent-task.js';
import { Signature } from './signature.js';
import type { TaskContext } from './task-context.js';
import type { ResolvedTaskOptions } from './task-options.js';
import { toWireOptions } from './wire-options.js';

/** The function of a task. With `bind` it is called with its context first. */
export type TaskFunction<Args extends readonly unknown[], Result> = (
  ...args: Args
) => Result | Promise<Result>;
export type BoundTaskFunction<Args extends readonly unknown[], Result> = (
  self: TaskContext,
  ...args: Args
) => Result | Promise<Result>;

/** The first so many of some arguments; keyword arguments give the others. */
export type Leading<Args extends readonly unknown[]> = Args extends readonly [infer First, ...infer Rest]
  ? readonly [] | readonly [First, ...Leading<Rest>]
  : Partial<Args>;

/** The last so many of some arguments; the result of what comes before gives the others. */
export type Trailing<Args extends readonly unknown[]> = Args extends readonly [unknown, ...infer Rest]
  ? Args | Trailing<Rest>
  : Args;

export interface TaskDefinition<Args extends readonly unknown[], Result> {
  readonly name: string;
  readonly fn: TaskFunction<Args, Result> | BoundTaskFunction<Args, Result>;
  readonly options: ResolvedTaskOptions;
}

/** A task of any type: what an app's registry holds. */
export type AnyTask = Task<never[], unknown>;

/** A function that workers run when it is called by its name. Made by `app.task`. */
export class Task<Args extends readonly unknown[] = unknown[], Result = unknown> {
  readonly app: App;
  readonly name: string;
  readonly options: ResolvedTaskOptions;
  /** What keyword arguments bind to; absent without `params`. */
  readonly parameters: Parameters | undefined;
  readonly #fn: TaskDefinition<Args, Result>['fn'];

  constructor(app: App, definition: TaskDefinition<Args, Result>) {
    const { name, fn, options } = definition;
    this.app = app;
    this.name = name;
    this.options = options;
    this.#fn = fn;
    const { params, bind } = options;
    this.parameters = params && parseParameters(name, params, Math.max(0, fn.length - (bind ? 1 : 0)));
  }

  /**
   * Sends the task. Resolves to its result's handle when the broker has it; `delay(…).get()` waits for the result alone.
   */
  delay(...args: Args): SentTask<Result> {
    return this.#send(args, {});
  }

  /**
   * Sends the task with options.
   * @throws {TypeError} the arguments do not fit `params`, or an option is wrong
   */
  applyAsync(args: Args, options?: SendOptions & { kwargs?: undefined }): SentTask<Result>;
  applyAsync(args: Leading<Args>, options: SendOptions): SentTask<Result>;
  applyAsync(args: readonly unknown[], options: SendOptions = {}): SentTask<Result> {
    return this.#send(args, options);
  }

  /** A signature with these arguments; the result of what comes before it goes before them. */
  s(...args: Trailing<Args>): Signature<Result> {
    return this.signature(args);
  }

  /** A signature that takes nothing from what comes before it. */
  si(...args: Args): Signature<Result> {
    return this.signature(args).set({ immutable: true });
  }

  signature(args: readonly unknown[] = [], options: SendOptions = {}): Signature<Result> {
    const { kwargs = {}, ...rest } = options;
    const data = createSignature(this.name, {
      args: [...args],
      kwargs: { ...kwargs },
      options: toWireOptions(rest),
    });
    return new Signature<Result>(this.app, data);
  }

  /** One task that calls this one for each item, in one process. */
  map(items: readonly Args[0][]): Signature<Result[]> {
    return mapSignature<Result>(this.signature(), items);
  }

  /** One task that calls this one for each list of arguments, in one process. */
  starmap(items: readonly Args[]): Signature<Result[]> {
    return starmapSignature<Result>(this.signature(), items);
  }

  /** A group of tasks, each of which calls this one for its share of `n` lists of arguments. */
  chunks(items: readonly Args[], n: number): Signature<Result[][], GroupResult<Result[][]>> {
    return chunksSignature<Result>(this.signature(), items, n);
  }

  /**
   * The function's arguments for a call, in Python's sense and with Python's words when they do not fit.
   * @throws {TypeError}
   */
  bindArguments(args: readonly unknown[], kwargs: Readonly<Record<string, unknown>> = {}): unknown[] {
    if (this.parameters) return bindArguments(this.parameters, args, kwargs);
    const [keyword] = Object.keys(kwargs);
    if (keyword === undefined) return [...args];
    throw new TypeError(
      `${this.name}() got an unexpected keyword argument '${keyword}': the task declares no params to bind it to`,
    );
  }

  /** Calls the function, as a worker does. `args` are bound already. */
  run(self: TaskContext, args: readonly unknown[]): unknown {
    if (this.options.bind) return (this.#fn as BoundTaskFunction<readonly unknown[], unknown>)(self, ...args);
    return (this.#fn as TaskFunction<readonly unknown[], unknown>)(...args);
  }

  #send(args: readonly unknown[], options: SendOptions): SentTask<Result> {
    // Misuse shows where it happens rather than in a worker's log.
    try {
      if (this.parameters) bindArguments(this.parameters, args, options.kwargs ?? {});
    } catch (error) {
      return new SentTask<Result>(() => Promise.reject(error));
    }
    return this.app.sendTask<Result>(this.name, args, options);
  }
}
