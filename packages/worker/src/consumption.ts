import type { Consumer, Delivery, Transport } from '@pool/transport';
import { ConsumptionWatchdog } from './consumption-watchdog.js';
import type { WorkerLogger } from './logging/logger.js';
import { AutomaticPrefetch } from './prefetch.js';

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
  /** How many messages wait here for their ETA or their rate: they come on top of the prefetch. */
  held(): number;
  /** How many requests run, or wait for a slot. */
  busy(): number;
  /** How many requests have run, and wait for their outcome to be stored or what follows them to be sent. */
  unfinished(): number;
  /** How many requests have ended so far. */
  ended(): number;
  /** Far more messages are held than should be: tasks have become slow. What has not begun is for others to take. */
  onSurplus(): void;
}

/** How many messages a consumer may have that must not take any. */
const NOTHING = -1;

/** With so many tasks whose outcome is nowhere yet no more are taken: the result store is away. */
const MOST_UNFINISHED = 10_000;

/** The worker's consumer, how much it may hold, and the proof that it consumes. */
export class Consumption {
  readonly #options: ConsumptionOptions;
  readonly #queues: Set<string>;
  #consumer: Consumer | undefined;
  readonly #watchdog: ConsumptionWatchdog;
  readonly #automatic: AutomaticPrefetch | undefined;
  #planned = false;
  #full = false;
  #stopped = false;

  constructor(options: ConsumptionOptions) {
    this.#options = options;
    this.#queues = new Set(options.queues);
    this.#watchdog = new ConsumptionWatchdog({
      transport: options.transport,
      logger: options.logger,
      consumptionTimeout: options.consumptionTimeout,
      consumer: () => this.#consumer,
      replace: () => this.#replace(),
    });
    if (options.prefetchMultiplier === undefined && !options.disablePrefetch) {
      const { slots, ended, onSurplus } = options;
      const busy = (): number => options.busy() - options.unfinished();
      const onChange = (): void => this.#applyPrefetch();
      this.#automatic = new AutomaticPrefetch({ slots, busy, ended, onSurplus, onChange });
    }
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

  /** Whether it takes no more because the outcomes of too many tasks wait to be stored. */
  get full(): boolean {
    return this.#full;
  }

  /** Milliseconds on the monotonic clock when the broker last answered; 0 before. */
  get lastPollAt(): number {
    return this.#consumer?.lastPollAt ?? 0;
  }

  async start(): Promise<void> {
    this.#consumer = await this.#consume();
    this.#watchdog.start();
  }

  /** Takes no more messages. What is held stays held. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#watchdog.stop();
    this.#automatic?.stop();
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
    if (this.#options.unfinished() >= MOST_UNFINISHED) this.#applyPrefetch();
    this.#automatic?.look();
  };

  async #consume(): Promise<Consumer> {
    const wanted = this.#wanted(0);
    const consumer = await this.#options.transport.consume({
      queues: [...this.#queues],
      prefetch: wanted === NOTHING ? 1 : wanted,
      onDeliveries: this.#onDeliveries,
    });
    if (wanted === NOTHING) consumer.pause();
    return consumer;
  }

  /** How many unsettled messages a consumer may have that has `unacked` of them; 0 is unlimited. */
  #wanted(unacked: number): number {
    const { prefetchMultiplier, disablePrefetch, slots, held, busy, unfinished } = this.#options;
    // It goes on when half of them are done, rather than by fits and starts.
    this.#full = unfinished() >= (this.#full ? MOST_UNFINISHED / 2 : MOST_UNFINISHED);
    if (this.#full) return NOTHING;
    if (disablePrefetch) {
      const free = slots() - busy();
      return free <= 0 ? NOTHING : unacked + free;
    }
    if (prefetchMultiplier === 0) return 0;
    const size = this.#automatic?.size ?? slots() * (prefetchMultiplier as number);
    return size + held();
  }

  #applyPrefetch(): void {
    const consumer = this.#consumer;
    if (consumer === undefined || this.#stopped) return;
    const wanted = this.#wanted(consumer.unacked);
    if (wanted === NOTHING) {
      consumer.pause();
      return;
    }
    if (wanted !== consumer.prefetch) {
      consumer.setPrefetch(wanted).catch((error: unknown) => {
        this.#options.logger.warn({ err: error }, 'the prefetch could not be changed');
      });
    }
    if (consumer.paused) consumer.resume();
  }

  async #replace(): Promise<void> {
    const stalled = this.#consumer;
    // It may not answer this either.
    void stalled?.cancel().catch(() => {});
    const consumer = await this.#consume();
    // It came so late that nobody waits for it any more.
    if (this.#stopped || this.#consumer !== stalled) return consumer.cancel();
    this.#consumer = consumer;
    this.#applyPrefetch();
    await consumer.proveConsumption();
  }
}
