import { InlinePool, type PoolOptions } from '@pool/core';
import pLimit, { type LimitFunction } from 'p-limit';

/** How many jobs run at the same time when nothing is said: they wait rather than compute, so CPUs are no measure. */
const DEFAULT_LIMIT = 100;

/**
 * Runs asynchronous jobs on the worker's own event loop, many at a time: what gevent and eventlet are to Celery.
 *
 * p-limit holds the bound: each of its slots is kept while there is work and runs one job after another, since asking it
 * anew for every job costs several promises.
 */
export class GreenPool extends InlinePool {
  readonly #limiter: LimitFunction;

  constructor(options: PoolOptions = {}) {
    super({ ...options, limit: options.limit ?? DEFAULT_LIMIT });
    this.#limiter = pLimit({ concurrency: this.limit, rejectOnClear: true });
  }

  override get isGreen(): boolean {
    return true;
  }

  override get taskJoinWillBlock(): boolean {
    return false;
  }

  protected override openSlot(granted: (release: () => void) => void): void {
    this.#limiter(() => new Promise<void>(granted)).catch(() => {
      // The pool was terminated before the slot came.
    });
  }

  protected override async onTerminate(): Promise<void> {
    await super.onTerminate();
    this.#limiter.clearQueue();
  }

  protected override async onGrow(n: number): Promise<void> {
    this.#limiter.concurrency = this.limit;
    await super.onGrow(n);
  }

  protected override async onShrink(n: number): Promise<void> {
    this.#limiter.concurrency = this.limit;
    await super.onShrink(n);
  }

  protected override getInfo(): Record<string, unknown> {
    const { running } = this;
    return { 'free-threads': Math.max(0, this.limit - running), 'running-threads': running };
  }
}
