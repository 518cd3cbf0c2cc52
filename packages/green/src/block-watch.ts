import { performance } from 'node:perf_hooks';
import type { Job, PoolLogger } from '@pool/core';
import { StackWatch } from './stack-watch.js';

/** How many names and stacks are remembered as told. */
const MAX_TOLD = 1000;
/** How many names one warning lists. */
const MAX_NAMES = 5;

/** What the watch needs of its pool. */
export interface BlockWatchOptions {
  /** Seconds. */
  readonly threshold: number;
  readonly logger: PoolLogger;
  /** The jobs that run now. */
  readonly running: () => Iterable<Job>;
}

/**
 * Notices that a job blocked the event loop, which no other job survives unhurt, and warns once for each task. The first
 * synchronous part of a job is measured; later parts show as a late timer. From the first block on a thread watches for
 * the stack of the next.
 */
export class BlockWatch {
  readonly #options: BlockWatchOptions;
  /** Milliseconds. */
  readonly #period: number;
  readonly #told: Set<string> = new Set();
  readonly #stacks: StackWatch;
  #timer: NodeJS.Timeout | undefined = undefined;
  /** The last jobs whose code ended since the last tick, as a ring. */
  readonly #settled: (Job | undefined)[] = new Array(MAX_NAMES).fill(undefined);
  #settledCount = 0;
  #lastTick = 0;
  #measuredAt = 0;

  constructor(options: BlockWatchOptions) {
    this.#options = options;
    this.#period = options.threshold * 250;
    this.#stacks = new StackWatch(options.threshold, (stack) => this.#onStack(stack));
  }

  /** A job was handed in: watches from now until none runs. */
  wake(): void {
    if (this.#timer !== undefined) return;
    this.#lastTick = performance.now();
    this.#stacks.beat();
    this.#timer = setInterval(() => this.#tick(), this.#period);
    this.#timer.unref();
  }

  /** The synchronous part of a job is over. */
  called(job: Job): void {
    const now = performance.now();
    const { acceptedAt } = job;
    if (acceptedAt === undefined) return;
    const seconds = now / 1000 - acceptedAt;
    if (seconds <= this.#options.threshold) return;
    this.#measuredAt = now;
    this.#stacks.start();
    const name = taskName(job);
    if (this.#isNews(name))
      this.#options.logger.warn(`${name} blocked the event loop for ${millis(seconds)} ms: ${advice}`);
  }

  /** A job's code is over. */
  settled(job: Job): void {
    this.#settled[this.#settledCount++ % MAX_NAMES] = job;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#stacks.stop();
  }

  #tick(): void {
    const now = performance.now();
    const since = this.#lastTick;
    this.#lastTick = now;
    this.#stacks.beat();
    const late = (now - since - this.#period) / 1000;
    if (late > this.#options.threshold && this.#measuredAt < since) this.#onLate(late);
    if (this.#settledCount > 0) this.#settled.fill(undefined);
    this.#settledCount = 0;
    for (const _ of this.#options.running()) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#stacks.rest();
  }

  #onLate(seconds: number): void {
    this.#stacks.start();
    const names = new Set<string>();
    for (const job of this.#settled) if (job !== undefined) names.add(taskName(job));
    for (const job of this.#options.running()) names.add(taskName(job));
    const fresh = [...names].filter((name) => this.#isNews(name));
    if (fresh.length === 0) return;
    const listed = fresh.slice(0, MAX_NAMES).join(', ');
    const more = fresh.length > MAX_NAMES ? ` and ${fresh.length - MAX_NAMES} more` : '';
    this.#options.logger.warn(
      `the event loop was blocked for ${millis(seconds)} ms while these ran: ${listed}${more}: ${advice}`,
    );
  }

  #onStack(stack: string): void {
    if (this.#isNews(stack)) this.#options.logger.warn(`the event loop was stuck here:\n${stack}`);
  }

  #isNews(text: string): boolean {
    if (this.#told.has(text) || this.#told.size >= MAX_TOLD) return false;
    this.#told.add(text);
    return true;
  }
}

const advice =
  'nothing else could run meanwhile; such work belongs in @pool/threads or @pool/prefork, or in smaller steps';

function taskName({ scheduleKey, target, id }: Job): string {
  if (scheduleKey !== undefined) return `task ${scheduleKey}`;
  if (typeof target !== 'function') return `task ${target.module}#${target.name}`;
  return target.name === '' ? `job ${id}` : `task ${target.name}`;
}

function millis(seconds: number): number {
  return Math.round(seconds * 1000);
}
