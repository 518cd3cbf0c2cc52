import { totalmem } from 'node:os';
import { type IntervalHistogram, monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { BasePool } from '@pool/core';
import type { WorkerLoad } from './autoscale-policy.js';
import type { Request } from './request/request.js';

/** For how many milliseconds a measure that costs something stands. */
const FRESH = 250;
/** How many milliseconds lie between two looks at the event loop. */
const RESOLUTION = 20;

/** What measuring needs of its worker. */
export interface LoadGaugeOptions {
  readonly pool: BasePool;
  readonly requests: Iterable<Request>;
  /** How many requests run or want to. */
  wanted(): number;
  running(): number;
  range(): { readonly max: number; readonly min: number };
}

/** Measures what a policy asks for, when it asks. */
export class LoadGauge implements WorkerLoad {
  readonly #options: LoadGaugeOptions;
  #delays: IntervalHistogram | undefined;
  #since = 0;
  #delay = 0;
  readonly #memory = new Measure(usedMemory);
  readonly #queueWait = new Measure(() => this.#longestWait());

  constructor(options: LoadGaugeOptions) {
    this.#options = options;
  }

  get wanted(): number {
    return this.#options.wanted();
  }

  get running(): number {
    return this.#options.running();
  }

  get slots(): number {
    return this.#options.pool.limit;
  }

  get min(): number {
    return this.#options.range().min;
  }

  get max(): number {
    return this.#options.range().max;
  }

  get queueWait(): number {
    return this.#queueWait.value;
  }

  get memory(): number {
    return this.#memory.value;
  }

  get eventLoopDelay(): number {
    if (this.#delays === undefined) {
      this.#delays = monitorEventLoopDelay({ resolution: RESOLUTION });
      this.#delays.enable();
      this.#since = performance.now();
    }
    // The loop is late by what it took beyond the interval; nanoseconds.
    const current = Math.max(0, this.#delays.max / 1e9 - RESOLUTION / 1000);
    if (performance.now() - this.#since >= 1000) {
      this.#delay = current;
      this.#delays.reset();
      this.#since = performance.now();
    }
    return Math.max(this.#delay, current);
  }

  close(): void {
    this.#delays?.disable();
  }

  #longestWait(): number {
    let first = Number.POSITIVE_INFINITY;
    for (const { state, receivedAt } of this.#options.requests)
      if (state === 'reserved' && receivedAt < first) first = receivedAt;
    return first === Number.POSITIVE_INFINITY ? 0 : (performance.now() - first) / 1000;
  }
}

/** A value that is taken anew when it has stood for long. */
class Measure {
  readonly #take: () => number;
  #at = Number.NEGATIVE_INFINITY;
  #value = 0;

  constructor(take: () => number) {
    this.#take = take;
  }

  get value(): number {
    const now = performance.now();
    if (now - this.#at >= FRESH) {
      this.#value = this.#take();
      this.#at = now;
    }
    return this.#value;
  }
}

/** Of the container's memory, where there is a bound, else of the machine's. */
function usedMemory(): number {
  const bound = process.constrainedMemory() ?? 0;
  const total = bound > 0 ? Math.min(bound, totalmem()) : totalmem();
  return Math.min(1, Math.max(0, 1 - process.availableMemory() / total));
}
