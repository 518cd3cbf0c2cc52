import type { AsyncResult, GetOptions } from './async-result.js';

/** Sends a task; says what its result will be found by as soon as its message is made. */
export type Send<Result> = (
  onPrepared: (result: AsyncResult<Result>) => void,
) => Promise<AsyncResult<Result>>;

/**
 * A task on its way: the promise of its `AsyncResult`, kept when the broker has the message. Whoever wants nothing but
 * the result calls `get()` on it at once, which listens for the result while the message travels.
 */
export class SentTask<Result = unknown> extends Promise<AsyncResult<Result>> {
  readonly #prepared: Promise<AsyncResult<Result>>;

  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  constructor(send: Send<Result>) {
    let onPrepared!: (result: AsyncResult<Result>) => void;
    const prepared = new Promise<AsyncResult<Result>>((resolve) => {
      onPrepared = resolve;
    });
    super((resolve) => resolve(send(onPrepared)));
    this.#prepared = prepared;
  }

  /**
   * Waits for the task and returns its result, as {@link AsyncResult.get}. A result that is there before the broker has
   * answered is not kept waiting: the task has run.
   * @throws whatever kept the message from being sent
   */
  async get(options: GetOptions = {}): Promise<Result> {
    const result = await Promise.race([this.#prepared, this]);
    // There is nothing to wait for but the sending.
    if (result.ignored) await this;
    return result.get({ fresh: true, ...options, sent: this });
  }
}
