import { InlinePool, type InlinePoolOptions, inlinePoolOptionNames, type Job } from '@pool/core';
import pLimit, { type LimitFunction } from 'p-limit';
import { BlockWatch } from './block-watch.js';

/** How many jobs run at the same time when nothing is said: they wait rather than compute, so CPUs are no measure. */
const DEFAULT_LIMIT = 100;

/** How long a job may block the event loop unremarked when nothing is said, in seconds. */
const DEFAULT_BLOCK_THRESHOLD = 0.1;

/** What a {@link GreenPool} can be told. */
export interface GreenPoolOptions extends InlinePoolOptions {
  /**
   * How long, in seconds, a job may block the event loop before the log says so, once for each task; false to not look.
   *
   * @default 0.1
   */
  blockThreshold?: number | false | undefined;
}

/**
 * Runs asynchronous jobs on the worker's own event loop, many at a time: what gevent and eventlet are to Celery.
 *
 * p-limit holds the bound: each of its slots is kept while there is work and runs one job after another, since asking it
 * anew for every job costs several promises.
 */
export class GreenPool extends InlinePool {
  static override readonly optionNames: readonly string[] = [...inlinePoolOptionNames, 'blockThreshold'];

  readonly #limiter: LimitFunction;
  readonly #blocks: BlockWatch | undefined;

  constructor(options: GreenPoolOptions = {}) {
    super({ ...options, limit: options.limit ?? DEFAULT_LIMIT });
    const { blockThreshold = DEFAULT_BLOCK_THRESHOLD } = options;
    if (blockThreshold !== false && !(typeof blockThreshold === 'number' && blockThreshold > 0))
      throw new TypeError('blockThreshold must be a number of seconds above 0, or false');
    this.#blocks =
      blockThreshold === false
        ? undefined
        : new BlockWatch({
            threshold: blockThreshold,
            logger: this.logger,
            running: () => this.runningJobs(),
          });
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

  protected override onApply(job: Job): void {
    this.#blocks?.wake();
    super.onApply(job);
  }

  protected override onCalled(job: Job): void {
    this.#blocks?.called(job);
  }

  protected override onSettled(job: Job): void {
    this.#blocks?.settled(job);
  }

  protected override async onStop(): Promise<void> {
    await super.onStop();
    await this.#blocks?.stop();
  }

  protected override async onTerminate(): Promise<void> {
    await super.onTerminate();
    this.#limiter.clearQueue();
    await this.#blocks?.stop();
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
