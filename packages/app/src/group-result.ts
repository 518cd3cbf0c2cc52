import { PROPAGATE_STATES, READY_STATES, type ResultNode, SUCCESS } from '@pool/message';
import { type ResultDocument, taskErrorFrom } from '@pool/results';
import { type AsyncResult, type GetOptions, type ResultSource, resultOf } from './async-result.js';
import type { ResultHandle } from './result-handle.js';

type Member = AsyncResult | GroupResult;

/**
 * The results of a group, in the order of its tasks; a member that is a group gives a list of its own, and one that was
 * sent with `ignoreResult` gives `undefined` and is not waited for.
 */
export class GroupResult<Results = unknown[]> implements ResultHandle<Results> {
  readonly id: string;
  readonly results: readonly Member[];
  readonly parent: ResultHandle | null;
  readonly #source: ResultSource;

  constructor(
    source: ResultSource,
    id: string,
    results: readonly Member[],
    options: { parent?: ResultHandle | null } = {},
  ) {
    this.#source = source;
    this.id = id;
    this.results = results;
    this.parent = options.parent ?? null;
  }

  /**
   * Waits for all tasks and returns their results.
   * @throws {TaskError} of the first task seen to have failed, without waiting for the others
   * @throws {ResultTimeoutError}
   */
  async get(options: GetOptions = {}): Promise<Results> {
    const { propagate = true, timeout, signal } = options;
    const ids = this.#ids();
    if (ids.length === 0) return this.#shaped(new Map()) as Results;
    const failed = new AbortController();
    const onReady = (document: ResultDocument): void => {
      if (propagate && PROPAGATE_STATES.has(document.status)) failed.abort(errorOf(document));
    };
    const documents = await (await this.#source()).waitFor(ids, {
      signal: signal ? AbortSignal.any([signal, failed.signal]) : failed.signal,
      onReady,
      ...(timeout === undefined ? {} : { timeout }),
    });
    failed.signal.throwIfAborted();
    return this.#shaped(
      new Map(documents.map((document) => [document.taskId, resultOf(document)])),
    ) as Results;
  }

  /** The tasks as they end: each with its id and its result, or the error it failed with. */
  async *[Symbol.asyncIterator](): AsyncGenerator<[id: string, result: unknown]> {
    const ids = this.#ids();
    const ended: ResultDocument[] = [];
    let wake: () => void = () => {};
    let failure: unknown;
    const stop = new AbortController();
    const onReady = (document: ResultDocument): void => {
      ended.push(document);
      wake();
    };
    const all = (await this.#source())
      .waitFor(ids, { onReady, signal: stop.signal })
      .catch((error: unknown) => {
        failure = error;
        wake();
      });
    try {
      for (let left = ids.length; left > 0; left--) {
        if (ended.length === 0 && failure === undefined) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
        const document = ended.shift();
        if (!document) throw failure;
        yield [document.taskId, resultOf(document)];
      }
    } finally {
      stop.abort();
      await all;
    }
  }

  async ready(): Promise<boolean> {
    return (await this.#states()).every((state) => READY_STATES.has(state));
  }

  async successful(): Promise<boolean> {
    return (await this.#states()).every((state) => state === SUCCESS);
  }

  async failed(): Promise<boolean> {
    return (await this.#states()).some((state) => PROPAGATE_STATES.has(state));
  }

  /** How many tasks have succeeded. */
  async completedCount(): Promise<number> {
    return (await this.#states()).filter((state) => state === SUCCESS).length;
  }

  /** Keeps the group in the result store, so that `app.groupResult(id)` finds it. */
  async save(): Promise<void> {
    await (await this.#source()).saveGroup(nodeOf(this));
  }

  /** Removes the results of all tasks, and the group itself if it was saved. */
  async forget(): Promise<void> {
    const store = await this.#source();
    await store.forget(this.#ids());
    if (store.capabilities.groups) await store.forgetGroup(this.id);
  }

  async #states(): Promise<string[]> {
    const documents = await (await this.#source()).getMany(this.#ids());
    return documents.map((document) => document?.status ?? 'PENDING');
  }

  #ids(): string[] {
    return this.results.flatMap((member) => {
      if (member instanceof GroupResult) return member.#ids();
      return member.ignored ? [] : [member.id];
    });
  }

  #shaped(results: ReadonlyMap<string, unknown>): unknown[] {
    return this.results.map((member) =>
      member instanceof GroupResult ? member.#shaped(results) : results.get(member.id),
    );
  }
}

function errorOf(document: ResultDocument): Error {
  return taskErrorFrom(document.result, { taskId: document.taskId, traceback: document.traceback });
}

function nodeOf(result: ResultHandle): ResultNode {
  const results = result instanceof GroupResult ? result.results.map(nodeOf) : null;
  return { id: result.id, parent: result.parent === null ? null : nodeOf(result.parent), results };
}
