import { type AutoscalePolicy, byDemand } from './autoscale-policy.js';
import { LoadGauge, type LoadGaugeOptions } from './load-gauge.js';
import type { WorkerLogger } from './logging/logger.js';

/** What autoscaling needs to know. */
export interface AutoscalerOptions extends Omit<LoadGaugeOptions, 'range'> {
  readonly logger: WorkerLogger;
  readonly min: number;
  readonly max: number;
  /** Seconds that the slots must have been too many before some go. */
  readonly keepalive: number;
  /** How many slots there should be. @default byDemand */
  readonly policy?: AutoscalePolicy | undefined;
}

/**
 * Grows the pool at once when its policy asks for more slots than there are, and shrinks it when for a while it asked for
 * fewer: to the most that it asked for meanwhile, so that the pool does not swing.
 */
export class Autoscaler {
  readonly #options: AutoscalerOptions;
  readonly #policy: AutoscalePolicy;
  readonly #gauge: LoadGauge;
  #min: number;
  #max: number;
  #timer: NodeJS.Timeout | undefined;
  #changing = false;
  /** The most that was asked for since `#since`, in milliseconds on the monotonic clock. */
  #peak = 0;
  #since = 0;

  constructor(options: AutoscalerOptions) {
    this.#options = options;
    this.#min = Math.max(1, options.min);
    this.#max = options.max;
    this.#policy = options.policy ?? byDemand;
    this.#gauge = new LoadGauge({ ...options, range: () => this.range });
  }

  /** Between how many slots the pool is kept. */
  get range(): { readonly max: number; readonly min: number } {
    return { max: this.#max, min: this.#min };
  }

  start(): void {
    this.#since = performance.now();
    this.#timer = setInterval(() => this.look(), 1000);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#gauge.close();
  }

  /** Another range from now on. */
  setRange(max: number, min: number): void {
    this.#max = Math.max(1, max);
    this.#min = Math.max(1, Math.min(min, this.#max));
    this.look();
  }

  /** Looks whether the pool has the right size; cheap, so it may be called with every message. */
  look(): void {
    const { pool, keepalive } = this.#options;
    if (this.#timer === undefined || this.#changing || !pool.active) return;
    const slots = pool.limit;
    const fit = Math.min(this.#max, Math.max(this.#min, this.#ask(slots)));
    if (fit > slots) {
      this.#restart(0);
      this.#change('grow', fit - slots);
      return;
    }
    this.#peak = Math.max(this.#peak, fit);
    const now = performance.now();
    if (slots > this.#max) this.#change('shrink', slots - this.#max);
    else if (now - this.#since >= keepalive * 1000) {
      const surplus = slots - Math.max(this.#peak, this.#min);
      this.#restart(fit);
      if (surplus > 0) this.#change('shrink', surplus);
    }
  }

  #ask(slots: number): number {
    try {
      const asked = Math.round(this.#policy(this.#gauge));
      if (!Number.isNaN(asked)) return asked;
      this.#options.logger.error('The autoscale policy answered with no number; the pool stays as it is');
    } catch (error) {
      this.#options.logger.error({ err: error }, 'The autoscale policy threw; the pool stays as it is');
    }
    return slots;
  }

  #restart(peak: number): void {
    this.#peak = peak;
    this.#since = performance.now();
  }

  #change(how: 'grow' | 'shrink', by: number): void {
    const { pool, logger } = this.#options;
    this.#changing = true;
    logger.info(`Autoscale: ${how === 'grow' ? 'adding' : 'removing'} ${by} of ${pool.limit} slots`);
    pool[how](by)
      .catch((error: unknown) => logger.error({ err: error }, `Autoscale could not ${how} the pool`))
      .finally(() => {
        this.#changing = false;
      });
  }
}
