import type { Consumer, Delivery, Transport } from '@pool/transport';
import type { WorkerLogger } from './logging/logger.js';
import { Prefetch } from './prefetch.js';

/** What consuming needs of its worker. */
export interface ConsumptionOptions {
  readonly transport: Transport;
  readonly logger: WorkerLogger;
  readonly queues: readonly string[];
  /** Messages taken ahead for each slot; 0 takes all there are; undefined as many as quick tasks need. */
  readonly prefetchMultiplier?: number | undefined;
  /** Take a message only when a slot is free. */
  readonly disablePrefetch: boolean;
  /** Seconds without an answer of the broker after which consuming is put to the proof; 0 never. */
  readonly consumptionTimeout: number;
  onDeliveries(deliveries: Delivery[]): void;
  /** How many slots there are. */
  slots(): number;
  /** How many messages wait here for their ETA: they come on top of the prefetch. */
  held(): number;
  /** How many requests run, or wait for a slot. */
  busy(): number;
  /** How many requests have ended so far. */
  ended(): number;
  /** Far more messages are held than should be: tasks have become slow. What has not begun is for others to take. */
  onSurplus(): void;
}

/** How often it is looked whether tasks are still as quick as when so much was taken ahead, in milliseconds. */
const LOOK = 100;
/** How many of those looks must find far too much before it is given back. */
const PATIENCE = 5;

/**
 * The worker's consumer: how much it may hold, and proof that it consumes. A consumer whose broker has been silent is
 * asked to prove itself; one that cannot is replaced.
 */
export class Consumption {
  readonly #options: ConsumptionOptions;
  readonly #queues: Set<string>;
  #consumer: Consumer | undefined;
  #watchdog: NodeJS.Timeout | undefined;
  #proving = false;
  #prefetch = -1;
  readonly #automatic = new Prefetch();
  #looking: NodeJS.Timeout | undefined;
  #surplus = 0;
  #planned = false;
  #paused = false;
  #stopped = false;

  constructor(options: ConsumptionOptions) {
    this.#options = options;
    this.#queues = new Set(options.queues);
  }

  /** The queues it takes from. */
  get queues(): readonly string[] {
    return [...this.#queues];
  }

  /** The most messages that may be held unsettled; 0 is unlimited. */
  get prefetch(): number {
    return this.#consumer?.prefetch ?? 0;
  }

  /** Whether it takes messages now. */
  get consuming(): boolean {
    const { transport } = this.#options;
    return transport.state === 'connected' && this.#consumer !== undefined && !this.#consumer.cancelled;
  }

  /** Milliseconds on the monotonic clock when the broker last answered; 0 before. */
  get lastPollAt(): number {
    return this.#consumer?.lastPollAt ?? 0;
  }

  async start(): Promise<void> {
    await this.#consume();
    const { consumptionTimeout } = this.#options;
    if (consumptionTimeout === 0) return;
    this.#watchdog = setInterval(() => void this.#watch(), (consumptionTimeout * 1000) / 2);
    this.#watchdog.unref();
  }

  /** Takes no more messages. What is held stays held. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#watchdog);
    clearInterval(this.#looking);
    await this.#consumer?.cancel();
  }

  async addQueue(queue: string): Promise<void> {
    this.#queues.add(queue);
    await this.#consumer?.addQueue(queue);
  }

  async cancelQueue(queue: string): Promise<void> {
    this.#queues.delete(queue);
    await this.#consumer?.cancelQueue(queue);
  }

  /** How much may be held has perhaps changed: is looked at once, at the end of this turn. */
  adjust(): void {
    if (this.#planned || this.#stopped) return;
    this.#planned = true;
    setImmediate(() => {
      this.#planned = false;
      this.#applyPrefetch();
    });
  }

  /** As `adjust`, before the consumer can take another message: where each of them needs a slot of its own. */
  adjustNow(): void {
    if (this.#options.disablePrefetch) this.#applyPrefetch();
  }

  readonly #onDeliveries = (deliveries: Delivery[]): void => {
    this.#options.onDeliveries(deliveries);
    this.adjustNow();
    if (this.#options.prefetchMultiplier === undefined) this.#look();
  };

  /** Takes more ahead, or less, as quick as tasks are. */
  #look(): void {
    const { slots, ended } = this.#options;
    if (!this.#automatic.look(performance.now(), ended(), slots())) return;
    this.#applyPrefetch();
    if (!this.#automatic.isAhead(slots())) return;
    this.#looking ??= setInterval(() => this.#lookAgain(), LOOK);
    this.#looking.unref();
  }

  /** Without deliveries too: what is held may be what nobody gets on with. */
  #lookAgain(): void {
    this.#look();
    const { slots, busy, onSurplus } = this.#options;
    const most = 2 * this.#automatic.size(slots());
    this.#surplus = busy() > most ? this.#surplus + 1 : 0;
    if (this.#surplus >= PATIENCE) {
      this.#surplus = 0;
      onSurplus();
    }
    if (this.#automatic.isAhead(slots()) || busy() > most) return;
    clearInterval(this.#looking);
    this.#looking = undefined;
  }

  async #consume(): Promise<void> {
    const { transport } = this.#options;
    const wanted = this.#wanted();
    this.#prefetch = wanted === -1 ? 1 : wanted;
    this.#paused = wanted === -1;
    const queues = [...this.#queues];
    this.#consumer = await transport.consume({
      queues,
      prefetch: this.#prefetch,
      onDeliveries: this.#onDeliveries,
    });
    if (this.#paused) this.#consumer.pause();
  }

  /** How many unsettled messages the consumer may have; -1 for none at all. */
  #wanted(): number {
    const { prefetchMultiplier, disablePrefetch, slots, held, busy } = this.#options;
    if (disablePrefetch) {
      const free = slots() - busy();
      return free <= 0 ? -1 : (this.#consumer?.unacked ?? 0) + free;
    }
    if (prefetchMultiplier === 0) return 0;
    const size =
      prefetchMultiplier === undefined ? this.#automatic.size(slots()) : slots() * prefetchMultiplier;
    return size + held();
  }

  #applyPrefetch(): void {
    const consumer = this.#consumer;
    if (consumer === undefined || this.#stopped) return;
    const wanted = this.#wanted();
    if (wanted === -1) {
      if (!this.#paused) consumer.pause();
      this.#paused = true;
      return;
    }
    if (wanted !== this.#prefetch) {
      this.#prefetch = wanted;
      consumer.setPrefetch(wanted).catch((error: unknown) => {
        this.#options.logger.warn({ err: error }, 'the prefetch could not be changed');
      });
    }
    if (this.#paused) consumer.resume();
    this.#paused = false;
  }

  async #watch(): Promise<void> {
    const { transport, consumptionTimeout, logger } = this.#options;
    const consumer = this.#consumer;
    if (this.#proving || this.#stopped || consumer === undefined || transport.state !== 'connected') return;
    if (performance.now() - consumer.lastPollAt < consumptionTimeout * 1000) return;
    this.#proving = true;
    try {
      await consumer.proveConsumption();
    } catch (error) {
      logger.error({ err: error }, 'the consumer does not consume; it is replaced');
      await this.#replace(consumer);
    } finally {
      this.#proving = false;
    }
  }

  async #replace(consumer: Consumer): Promise<void> {
    const { logger } = this.#options;
    try {
      // A stalled consumer may not answer this either.
      void consumer.cancel().catch(() => {});
      if (!this.#stopped) await this.#consume();
    } catch (error) {
      logger.error({ err: error }, 'the consumer could not be replaced; the next look tries again');
    }
  }
}
