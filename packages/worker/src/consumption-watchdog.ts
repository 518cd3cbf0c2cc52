import { ConnectionError, type Consumer, type Transport } from '@pool/transport';
import type { WorkerLogger } from './logging/logger.js';

/** What a watchdog needs to know. */
export interface ConsumptionWatchdogOptions {
  readonly transport: Transport;
  readonly logger: WorkerLogger;
  /** Seconds without an answer of the broker after which consuming is put to the proof; 0 never. */
  readonly consumptionTimeout: number;
  /** What must consume. */
  consumer(): Consumer | undefined;
  /** Makes another consumer, on the same connection. */
  replace(): Promise<void>;
}

/** How long a broker has to answer at most, in seconds. */
const PATIENCE = 30;
/** How finely that time is counted. */
const SLICES = 10;

/**
 * Proof that a worker consumes, not just that it is connected. A consumer whose broker has been silent for a while must
 * prove itself. One that says that it does not consume is replaced; one that gets no answer at all, like one that cannot
 * be replaced, gets a new connection.
 */
export class ConsumptionWatchdog {
  readonly #options: ConsumptionWatchdogOptions;
  readonly #patience: number;
  #timer: NodeJS.Timeout | undefined;
  #looking = false;

  constructor(options: ConsumptionWatchdogOptions) {
    this.#options = options;
    this.#patience = Math.min(options.consumptionTimeout, PATIENCE);
  }

  start(): void {
    const { consumptionTimeout } = this.#options;
    if (consumptionTimeout === 0) return;
    this.#timer = setInterval(() => void this.#look(), (consumptionTimeout * 1000) / 2);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #look(): Promise<void> {
    const { transport, consumptionTimeout, consumer } = this.#options;
    const watched = consumer();
    if (this.#looking || watched === undefined || transport.state !== 'connected') return;
    if (performance.now() - watched.lastPollAt < consumptionTimeout * 1000) return;
    this.#looking = true;
    try {
      await this.#prove(watched);
    } finally {
      this.#looking = false;
    }
  }

  async #prove(watched: Consumer): Promise<void> {
    const { transport, logger, replace } = this.#options;
    const { epoch } = transport;
    // A connection that is lost meanwhile is the transport's business.
    const isOver = (): boolean =>
      this.#timer === undefined || transport.state !== 'connected' || transport.epoch !== epoch;
    const proof = await outcomeWithin(
      this.#patience,
      watched.proveConsumption({ timeout: this.#patience * SLICES }),
    );
    if (proof === 'done' || isOver()) return;
    if (proof !== 'late') {
      logger.error({ err: proof }, 'The consumer does not consume; it is replaced');
      const replacement = await outcomeWithin(this.#patience, replace());
      if (replacement === 'done' || isOver()) return;
      if (replacement !== 'late') {
        logger.error({ err: replacement }, 'The consumer could not be replaced; the next look tries again');
        return;
      }
    }
    transport.reconnect(
      new ConnectionError(`the broker ${transport.url} did not answer the consumer for ${this.#patience} s`),
    );
  }
}

/**
 * How a promise came out within so many seconds. They are counted in ticks of this process's own timer, so that a loop
 * which a task blocks does not take its own silence for the broker's.
 */
function outcomeWithin(seconds: number, promise: Promise<unknown>): Promise<'done' | 'late' | Error> {
  return new Promise((resolve) => {
    let ticks = 0;
    const timer = setInterval(
      () => {
        ticks += 1;
        if (ticks > SLICES) settle('late');
      },
      (seconds * 1000) / SLICES,
    );
    timer.unref();
    const settle = (outcome: 'done' | 'late' | Error): void => {
      clearInterval(timer);
      resolve(outcome);
    };
    promise.then(
      () => settle('done'),
      (error: unknown) => settle(error instanceof Error ? error : new Error(String(error))),
    );
  });
}
