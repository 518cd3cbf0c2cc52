import { randomUUID } from 'node:crypto';
import type { Message, OptionNames } from '@pool/message';
import type { BrokerUrl } from '../broker-url.js';
import type { Consumer } from '../consumer.js';
import type { QueueDeclaration, QueueStatus } from '../declarations.js';
import type { Delivery, Settlement } from '../delivery.js';
import { TransportClosedError } from '../errors.js';
import type { SetAsideRecord } from '../transport-events.js';
import {
  type ResolvedConsumeOptions,
  type ResolvedPublishOptions,
  TRANSPORT_OPTION_NAMES,
  type TransportOptions,
} from '../transport-options.js';
import { ConsumedQueues } from './consumed-queues.js';
import { Holdings } from './holdings.js';
import { PublishBatch } from './publish-batch.js';
import { type ExchangeTable, route } from './router.js';
import {
  deliveriesOf,
  emptyBatch,
  isEmpty,
  type OpenSettlementBatch,
  prepend,
  removeFrom,
} from './settlement-batch.js';
import { Ticker } from './ticker.js';
import { TurnBatch } from './turn-batch.js';
import { type ConsumerPort, VirtualConsumer } from './virtual-consumer.js';
import { VirtualHooks } from './virtual-hooks.js';
import type { SettlementBatch, TakenMessage, TakeRequest } from './virtual-types.js';

/** What every virtual transport takes; an adapter adds its own. Durations are seconds. */
export interface VirtualTransportOptions extends TransportOptions {
  /** An idle consumer looks for itself this often, in case a wake-up got lost. @default 1 */
  pollInterval?: number;
  /** The most messages one batch takes or publishes. @default 1000 */
  maxBatch?: number;
}

/** The names of {@link VirtualTransportOptions}. */
export const VIRTUAL_TRANSPORT_OPTION_NAMES: OptionNames<VirtualTransportOptions> = {
  ...TRANSPORT_OPTION_NAMES,
  pollInterval: true,
  maxBatch: true,
};

/**
 * The base for brokers that have only queues. It routes (direct, topic, fanout) over a binding table that the adapter
 * stores, batches publishes and settlements by event-loop turn, runs the consumers with their prefetch, keeps the
 * table of what is held, and renews its leases with one timer. An adapter moves batches of messages in and out.
 *
 * `Payload` is what `encode` makes of a message: the bytes that are stored.
 */
export abstract class VirtualTransport<Payload> extends VirtualHooks<Payload> {
  readonly #maxBatch: number;
  readonly #pollSeconds: number;
  readonly #publishes: TurnBatch<PublishBatch<Payload>>;
  readonly #settlements: TurnBatch<OpenSettlementBatch>;
  readonly #holdings = new Holdings();
  readonly #beingSetAside = new Set<Delivery>();
  readonly #asides = new Set<Promise<void>>();
  readonly #consumed = new ConsumedQueues(
    (queue) => this.onBeginQueue(queue),
    (queue) => this.onEndQueue(queue),
  );
  readonly #ticker = new Ticker((error) => this.#failed(error));
  readonly #port: ConsumerPort;
  #poll: NodeJS.Timeout | undefined;

  constructor(
    url: BrokerUrl | string | readonly (BrokerUrl | string)[],
    options: VirtualTransportOptions = {},
  ) {
    super(url, options);
    this.#maxBatch = options.maxBatch ?? 1000;
    this.#pollSeconds = options.pollInterval ?? 1;
    const away = () => this.state !== 'connected';
    this.#publishes = new TurnBatch(
      () => new PublishBatch<Payload>(),
      (batch) => this.#sendPublishes(batch),
      away,
    );
    this.#settlements = new TurnBatch(emptyBatch, (batch) => this.#sendSettlements(batch), away);
    this.#port = this.#createPort();
  }

  /** What this transport holds for its consumers. */
  protected get held(): ReadonlySet<Delivery> {
    return this.#holdings.deliveries;
  }

  /** For the adapter: there may be messages, in this queue or in any. */
  protected wake(queue?: string): void {
    this.#holdings.wake(queue);
  }

  /** For the adapter: the broker has taken these back. Settling them does nothing from now on. */
  protected leaseLost(deliveries: Iterable<Delivery>): void {
    for (const delivery of deliveries) this.#holdings.free(delivery);
    this.#holdings.wakeHungry();
  }

  /** For the adapter: what was settled and the broker has not been told yet. */
  protected get unsent(): readonly Delivery[] {
    const batch = this.#settlements.waiting;
    return batch === undefined ? [] : deliveriesOf(batch);
  }

  /** For the adapter: of what waits to be told again, the broker had done these before the connection was lost. */
  protected settledBefore(isDone: (delivery: Delivery) => boolean): void {
    const batch = this.#settlements.waiting;
    if (batch !== undefined) removeFrom(batch, isDone);
  }

  /** For the adapter: the queue is gone; its consumers are told. */
  protected queueGone(queue: string): void {
    for (const consumer of this.#holdings.consumers) {
      if (!consumer.queues.includes(queue)) continue;
      void consumer.cancelQueue(queue);
      consumer.onCancelled?.(queue);
      this.emit('consumerCancelled', consumer, queue);
    }
  }

  protected override async onConnect(url: BrokerUrl, signal: AbortSignal): Promise<void> {
    await this.onOpen(url, signal);
    this.#startTimers();
  }

  protected override onConnected(): void {
    this.#publishes.proceed();
    this.#settlements.proceed();
    this.#holdings.wake();
  }

  protected override onDisconnect(): Promise<void> | void {
    this.#ticker.stop();
  }

  protected override async onDeclareQueue(declaration: QueueDeclaration): Promise<QueueStatus> {
    const name = declaration.name === '' ? `amq.gen-${randomUUID()}` : declaration.name;
    await this.onCreateQueue({ ...declaration, name });
    return this.onQueueStatus(name);
  }

  protected override async onQueueStatus(name: string): Promise<QueueStatus> {
    const messageCount = await this.onQueueSize(name);
    return { name, messageCount, consumerCount: this.#consumed.consumersOf(name) };
  }

  protected override onPublish(message: Message, options: ResolvedPublishOptions): Promise<void> {
    let payload: Payload;
    try {
      payload = this.encode(message, options);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#publishes.current().add(payload, options);
  }

  protected override async onConsume(options: ResolvedConsumeOptions): Promise<Consumer> {
    const consumer = new VirtualConsumer(this.#port, options);
    await consumer.start();
    this.#holdings.addConsumer(consumer);
    this.#startPoll();
    return consumer;
  }

  protected override onSettle(
    delivery: Delivery,
    settlement: 'acked' | 'rejected' | 'requeued',
    delay: number,
    attempted: boolean | undefined,
  ): Settlement {
    if (!this.#holdings.free(delivery)) return 'stale';
    if (this.#beingSetAside.has(delivery)) return settlement;
    const batch = this.#settlements.current();
    const unseen = settlement === 'requeued' && attempted === false && delay === 0;
    batch[unseen ? 'released' : settlement].push(delivery);
    if (delay > 0) batch.delays.set(delivery, delay);
    return settlement;
  }

  protected override onHolds(delivery: Delivery): boolean {
    return this.#holdings.holds(delivery);
  }

  protected override async onSetAside(delivery: Delivery, reason: string): Promise<SetAsideRecord> {
    const { queue, tag, exchange, routingKey, message, handle } = delivery;
    const held = !delivery.noAck;
    const item = { queue, tag, exchange, routingKey, message, handle, held };
    this.#beingSetAside.add(delivery);
    try {
      const moved = this.onPutAside(item, reason);
      this.#awaitAside(moved);
      const place = await moved;
      delivery.reject();
      return { queue, reason, tag, place };
    } catch (error) {
      // What was settled meanwhile is yet to be told.
      const { settled } = delivery;
      if (held && settled !== undefined && settled !== 'stale')
        this.#settlements.current()[settled].push(delivery);
      throw error;
    } finally {
      this.#beingSetAside.delete(delivery);
      this.#holdings.wakeHungry();
    }
  }

  protected override async onFlush(): Promise<void> {
    await Promise.all([this.#publishes.drained(), this.#settlements.drained(), ...this.#asides]);
  }

  protected override async onClose(): Promise<void> {
    this.#ticker.stop();
    clearInterval(this.#poll);
    this.#holdings.wake();
    await Promise.all([...this.consumers].map((consumer) => consumer.cancel()));
    const closed = new TransportClosedError(`the transport to ${this.url} was closed`);
    this.#publishes.abandon()?.reject(closed);
    const batch = this.#settlements.abandon() ?? emptyBatch();
    batch.requeued = batch.requeued.concat(this.#holdings.clear());
    try {
      if (this.epoch > 0 && !isEmpty(batch)) await this.#sendLast(batch);
    } finally {
      await this.onShutdown();
    }
  }

  /** Where the broker cannot be told any more, what was held comes back to it by itself. */
  async #sendLast(batch: SettlementBatch): Promise<void> {
    try {
      for (const delivery of await this.onSettleBatch(batch)) this.#uncount(delivery);
    } catch (error) {
      for (const delivery of [...batch.acked, ...batch.rejected]) this.#uncount(delivery, error);
    }
  }

  /** A settlement that was counted turned out to have no effect. */
  #uncount(delivery: Delivery, cause?: unknown): void {
    const { settled, noAck } = delivery;
    if (!noAck && settled !== undefined && settled !== 'stale') this.stats[settled] -= 1;
    this.recordStale(delivery, cause);
  }

  #createPort(): ConsumerPort {
    const transport = this;
    return {
      get connected() {
        return transport.state === 'connected';
      },
      maxBatch: this.#maxBatch,
      take: (request, noAck) => this.#take(request, noAck),
      arm: (queues) => this.#arm(queues),
      release: (deliveries) => this.#returnUnseen(deliveries),
      forget: (deliveries) => this.#forget(deliveries),
      probe: async (queues) => {
        await this.onQueueSize(queues[0] ?? '');
      },
      begin: (queue) => this.#consumed.begin(queue),
      end: (queue) => this.#endQueue(queue),
      ended: (consumer) => {
        this.forgetConsumer(consumer);
        this.#holdings.forgetConsumer(consumer);
        if (this.#consumed.isEmpty) {
          clearInterval(this.#poll);
          this.#poll = undefined;
        }
      },
    };
  }

  async #take(request: TakeRequest, noAck: boolean): Promise<Delivery[] | undefined> {
    let taken: TakenMessage[];
    try {
      taken = await this.onTake(request);
    } catch (error) {
      if (request.signal.aborted) return [];
      this.#failed(error);
      return undefined;
    }
    const deliveries: Delivery[] = [];
    const { epoch } = this;
    const { consumerTag } = request;
    for (const item of taken) {
      const { message } = item;
      if (message instanceof Error) {
        this.#putMalformedAside(item, message);
        continue;
      }
      const { queue, tag, exchange, routingKey, redelivered, deliveryCount, handle } = item;
      const delivery = this.createDelivery({
        message,
        tag,
        queue,
        exchange,
        routingKey,
        redelivered,
        deliveryCount,
        epoch,
        consumerTag,
        noAck,
        handle,
      });
      this.#holdings.hold(delivery);
      deliveries.push(delivery);
    }
    this.stats.delivered += deliveries.length;
    // It found something, if only to put it aside: there may be more.
    if (deliveries.length < taken.length) this.#holdings.wakeConsumer(consumerTag);
    return deliveries;
  }

  async #arm(queues: readonly string[]): Promise<boolean> {
    try {
      return await this.onArm(queues);
    } catch (error) {
      this.#failed(error);
      return false;
    }
  }

  #putMalformedAside(item: TakenMessage, error: Error): void {
    const { queue, tag, exchange, routingKey, handle } = item;
    this.emit('refused', queue, error.message);
    const aside = { queue, tag, exchange, routingKey, message: undefined, handle, held: true };
    const moved = this.onPutAside(aside, error.message).then(
      (place) => this.recordSetAside({ queue, reason: error.message, place, tag }),
      (failure: unknown) => this.#failed(failure),
    );
    this.#awaitAside(moved);
  }

  /** Nothing is flushed or closed before it is done. */
  #awaitAside(moved: Promise<unknown>): void {
    const forget = (): void => void this.#asides.delete(done);
    const done = moved.then(forget, forget);
    this.#asides.add(done);
  }

  #returnUnseen(deliveries: readonly Delivery[]): void {
    const { released } = this.#settlements.current();
    for (const delivery of deliveries) {
      if (!this.#holdings.free(delivery)) continue;
      this.stats.delivered -= 1;
      released.push(delivery);
    }
  }

  #forget(deliveries: readonly Delivery[]): void {
    const { acked } = this.#settlements.current();
    for (const delivery of deliveries) if (this.#holdings.free(delivery)) acked.push(delivery);
  }

  async #sendSettlements(batch: SettlementBatch): Promise<void> {
    this.#holdings.wakeHungry();
    try {
      const stale = await this.onSettleBatch(batch);
      for (const delivery of stale) this.#uncount(delivery);
      if (batch.requeued.length > 0 || batch.released.length > 0) this.#holdings.wake();
    } catch (error) {
      // The broker still holds them for us: they are sent again when it is back.
      prepend(this.#settlements.current(), batch);
      this.#failed(error);
    }
  }

  async #sendPublishes(batch: PublishBatch<Payload>): Promise<void> {
    try {
      const routed = await route(batch, (exchange) => this.#tableOf(exchange));
      const { queued, broadcasts, unroutable, refused } = routed;
      this.stats.unroutable += unroutable;
      if (broadcasts.length > 0) await this.onBroadcast(broadcasts);
      const max = this.#maxBatch;
      for (let i = 0; i < queued.length; i += max) {
        await this.onPut(queued.length <= max ? queued : queued.slice(i, i + max));
      }
      this.stats.published += batch.pending.length - refused;
      batch.resolve();
    } catch (error) {
      batch.reject(error);
    }
  }

  async #tableOf(exchange: string): Promise<ExchangeTable> {
    const type =
      this.declaredExchange(exchange)?.type ?? builtIn.get(exchange) ?? (await this.onExchangeType(exchange));
    const broadcast = type === 'fanout' && this.onBroadcast !== VirtualTransport.prototype.onBroadcast;
    const bindings = type === undefined || broadcast ? [] : await this.onBindings(exchange);
    return { type, bindings, broadcast };
  }

  async #endQueue(queue: string): Promise<void> {
    if (!(await this.#consumed.end(queue))) return;
    if (this.declaredQueue(queue)?.autoDelete === true && this.state === 'connected')
      await this.deleteQueue(queue);
  }

  #startPoll(): void {
    // It keeps the process alive while somebody consumes.
    this.#poll ??= setInterval(() => this.#holdings.wake(), this.#pollSeconds * 1000);
  }

  #startTimers(): void {
    this.#ticker.stop();
    const { leaseSeconds, restoreSeconds } = this;
    if (leaseSeconds !== undefined) this.#ticker.every(leaseSeconds / 3, () => this.onRenew(this.held));
    if (restoreSeconds !== undefined) this.#ticker.every(restoreSeconds, () => this.#restore());
  }

  async #restore(): Promise<void> {
    const count = await this.onRestore();
    if (count === 0) return;
    this.stats.restored += count;
    this.emit('restored', count);
    this.#holdings.wake();
  }

  /** An operation that should work did not: the connection is no good any more. */
  #failed(error: unknown): void {
    this.connectionLost(error instanceof Error ? error : new Error(String(error)));
  }
}

const builtIn: ReadonlyMap<string, 'direct' | 'topic' | 'fanout'> = new Map([
  ['amq.direct', 'direct'],
  ['amq.topic', 'topic'],
  ['amq.fanout', 'fanout'],
]);
