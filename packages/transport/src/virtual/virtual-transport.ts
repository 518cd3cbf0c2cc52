import { randomUUID } from 'node:crypto';
import type { Message } from '@pool/message';
import type { BrokerUrl } from '../broker-url.js';
import type { Consumer } from '../consumer.js';
import type { ExchangeDeclaration, QueueDeclaration, QueueStatus } from '../declarations.js';
import type { Delivery, Settlement } from '../delivery.js';
import { TransportClosedError, UnroutableError } from '../errors.js';
import {
  type ResolvedConsumeOptions,
  type ResolvedPublishOptions,
  Transport,
  type TransportOptions,
} from '../transport.js';
import type { SetAsideRecord } from '../transport-events.js';
import { PublishBatch } from './publish-batch.js';
import { type ExchangeTable, routeOf } from './router.js';
import { TurnBatch } from './turn-batch.js';
import { type ConsumerPort, VirtualConsumer } from './virtual-consumer.js';
import type {
  AsideItem,
  BroadcastMessage,
  QueuedMessage,
  SettlementBatch,
  StoredBinding,
  TakenMessage,
  TakeRequest,
} from './virtual-types.js';

/** What every virtual transport takes; an adapter adds its own. Durations are seconds. */
export interface VirtualTransportOptions extends TransportOptions {
  /** An idle consumer looks for itself this often, in case a wake-up got lost. @default 1 */
  pollInterval?: number;
  /** The most messages one batch takes or publishes. @default 1000 */
  maxBatch?: number;
}

/**
 * The base for brokers that have only queues. It routes (direct, topic, fanout) over a binding table that the adapter
 * stores, batches publishes and settlements by event-loop turn, runs the consumers with their prefetch, keeps the
 * table of what is held, and renews its leases with one timer. An adapter moves batches of messages in and out.
 *
 * `Payload` is what `encode` makes of a message: the bytes that are stored.
 */
export abstract class VirtualTransport<Payload> extends Transport {
  readonly #maxBatch: number;
  readonly #pollSeconds: number;
  readonly #publishes: TurnBatch<PublishBatch<Payload>>;
  readonly #settlements: TurnBatch<SettlementBatch>;
  readonly #held = new Set<Delivery>();
  readonly #beingSetAside = new Set<Delivery>();
  readonly #asides = new Set<Promise<void>>();
  readonly #byTag = new Map<string, VirtualConsumer>();
  readonly #consumersOf = new Map<string, number>();
  readonly #port: ConsumerPort;
  #poll: NodeJS.Timeout | undefined;
  #timers: NodeJS.Timeout[] = [];

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

  /** Seconds a held message stays held without being renewed; `undefined` if holding needs no renewal. */
  protected get leaseSeconds(): number | undefined {
    return undefined;
  }

  /** Seconds between two looks for messages of the dead; `undefined` if nobody can die here. */
  protected get restoreSeconds(): number | undefined {
    return undefined;
  }

  /** What this transport holds for its consumers. */
  protected get held(): ReadonlySet<Delivery> {
    return this.#held;
  }

  /** Makes the stored form of a message. What it throws rejects that publish alone. */
  protected abstract encode(message: Message, options: ResolvedPublishOptions): Payload;
  /** Stores messages, all or none if it can; resolves when the broker owns them. */
  protected abstract onPut(messages: readonly QueuedMessage<Payload>[]): Promise<void>;
  /** Takes what is there and records in the same step that this transport holds it. Empty if there is nothing. */
  protected abstract onTake(request: TakeRequest): Promise<TakenMessage[]>;
  /** Carries out settlements. Resolves to those the broker had no use for, because it had taken the message back. */
  protected abstract onSettleBatch(batch: SettlementBatch): Promise<readonly Delivery[]>;
  /** Moves a message where it can be inspected, and says where that is. */
  protected abstract onPutAside(item: AsideItem, reason: string): Promise<string>;
  protected abstract onBindings(exchange: string): Promise<readonly StoredBinding[]>;
  protected abstract onQueueSize(queue: string): Promise<number>;
  /** The connection is being closed; all that was held is given back already. */
  protected abstract onShutdown(): Promise<void>;

  /** Makes a queue, where queues have to be made. */
  protected onCreateQueue(_declaration: QueueDeclaration): Promise<void> | void {}
  protected override async onDeclareExchange(_declaration: Required<ExchangeDeclaration>): Promise<void> {}

  /** The type of an exchange that was not declared through this transport, if it can be found out. */
  protected async onExchangeType(_exchange: string): Promise<ExchangeTable['type']> {
    return undefined;
  }

  /** The first consumer of this transport begins to take from a queue. */
  protected onBeginQueue(_queue: string): Promise<void> | void {}
  /** The last consumer of this transport has stopped to take from a queue. */
  protected onEndQueue(_queue: string): Promise<void> | void {}
  /**
   * A consumer found nothing and is going to sleep: arm whatever will call `wake()`. Returns true if there may be
   * something already (then it looks again). @default relies on `wake()` and the poll
   */
  protected async onArm(_queues: readonly string[]): Promise<boolean> {
    return false;
  }

  /** Renews the lease of all that is held. Called a few times per lease. */
  protected async onRenew(_held: ReadonlySet<Delivery>): Promise<void> {}
  /** Puts messages of the dead back into their queues; resolves to their number. */
  protected async onRestore(): Promise<number> {
    return 0;
  }

  /** A way for a fanout exchange that needs no copy per queue; `false` if there is none. @default false */
  protected onBroadcast(_messages: readonly BroadcastMessage<Payload>[]): Promise<void> | false {
    return false;
  }

  /** For the adapter: there may be messages, in this queue or in any. */
  protected wake(queue?: string): void {
    for (const consumer of this.#byTag.values()) {
      if (queue === undefined || consumer.queues.includes(queue)) consumer.wake();
    }
  }

  /** For the adapter: the broker has taken these back. Settling them does nothing from now on. */
  protected leaseLost(deliveries: Iterable<Delivery>): void {
    for (const delivery of deliveries) if (this.#held.delete(delivery)) this.#freed(delivery);
    this.#wakeHungry();
  }

  /** For the adapter: the queue is gone; its consumers are told. */
  protected queueGone(queue: string): void {
    for (const consumer of this.#byTag.values()) {
      if (!consumer.queues.includes(queue)) continue;
      void consumer.cancelQueue(queue);
      consumer.onCancelled?.(queue);
      this.emit('consumerCancelled', consumer, queue);
    }
  }

  /** Opens the connection to `url`; rejects if it cannot, having cleaned up. */
  protected abstract onOpen(url: BrokerUrl, signal: AbortSignal): Promise<void>;

  protected override async onConnect(url: BrokerUrl, signal: AbortSignal): Promise<void> {
    await this.onOpen(url, signal);
    this.#startTimers();
  }

  protected override onConnected(): void {
    this.#publishes.proceed();
    this.#settlements.proceed();
    this.wake();
  }

  protected override onDisconnect(): Promise<void> | void {
    this.#stopTimers();
  }

  protected override async onDeclareQueue(declaration: QueueDeclaration): Promise<QueueStatus> {
    const name = declaration.name === '' ? `amq.gen-${randomUUID()}` : declaration.name;
    await this.onCreateQueue({ ...declaration, name });
    return this.onQueueStatus(name);
  }

  protected override async onQueueStatus(name: string): Promise<QueueStatus> {
    const messageCount = await this.onQueueSize(name);
    return { name, messageCount, consumerCount: this.#consumersOf.get(name) ?? 0 };
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
    this.#byTag.set(consumer.tag, consumer);
    try {
      await consumer.start();
    } catch (error) {
      this.#byTag.delete(consumer.tag);
      throw error;
    }
    this.#startPoll();
    return consumer;
  }

  protected override onSettle(
    delivery: Delivery,
    settlement: 'acked' | 'rejected' | 'requeued',
    delay: number,
  ): Settlement {
    if (!this.#held.delete(delivery)) return 'stale';
    this.#freed(delivery);
    if (this.#beingSetAside.has(delivery)) return settlement;
    const batch = this.#settlements.current();
    batch[settlement].push(delivery);
    if (delay > 0) (batch.delays as Map<Delivery, number>).set(delivery, delay);
    return settlement;
  }

  protected override async onSetAside(delivery: Delivery, reason: string): Promise<SetAsideRecord> {
    const { queue, tag, exchange, routingKey, message, handle } = delivery;
    const held = !delivery.noAck;
    this.#beingSetAside.add(delivery);
    delivery.reject();
    try {
      const item = { queue, tag, exchange, routingKey, message, handle, held };
      return { queue, reason, tag, place: await this.onPutAside(item, reason) };
    } catch (error) {
      // It was not moved: rather again than lost.
      if (held) this.#settlements.current().requeued.push(delivery);
      throw error;
    } finally {
      this.#beingSetAside.delete(delivery);
      this.#wakeHungry();
    }
  }

  protected override async onFlush(): Promise<void> {
    await Promise.all([this.#publishes.drained(), this.#settlements.drained(), ...this.#asides]);
  }

  protected override async onClose(): Promise<void> {
    this.#stopTimers();
    clearInterval(this.#poll);
    this.wake();
    await Promise.all([...this.#byTag.values()].map((consumer) => consumer.cancel()));
    const closed = new TransportClosedError(`the transport to ${this.url} was closed`);
    this.#publishes.abandon()?.reject(closed);
    const batch = this.#settlements.abandon() ?? emptyBatch();
    batch.requeued.push(...this.#held);
    this.#held.clear();
    this.#byTag.clear();
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
      begin: (queue) => this.#beginQueue(queue),
      end: (queue) => this.#endQueue(queue),
      ended: (consumer) => {
        this.forgetConsumer(consumer);
        if (consumer.unacked === 0) this.#byTag.delete(consumer.tag);
        if (this.#consumersOf.size === 0) {
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
      this.connectionLost(asError(error));
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
      this.#held.add(delivery);
      deliveries.push(delivery);
    }
    this.stats.delivered += deliveries.length;
    // It found something, if only to put it aside: there may be more.
    if (deliveries.length < taken.length) this.#byTag.get(consumerTag)?.wake();
    return deliveries;
  }

  async #arm(queues: readonly string[]): Promise<boolean> {
    try {
      return await this.onArm(queues);
    } catch (error) {
      this.connectionLost(asError(error));
      return false;
    }
  }

  #putMalformedAside(item: TakenMessage, error: Error): void {
    const { queue, tag, exchange, routingKey, handle } = item;
    const aside = { queue, tag, exchange, routingKey, message: undefined, handle, held: true };
    const moved = this.onPutAside(aside, error.message).then(
      (place) => this.recordSetAside({ queue, reason: error.message, place, tag }),
      (failure: unknown) => this.connectionLost(asError(failure)),
    );
    this.#asides.add(moved);
    void moved.finally(() => this.#asides.delete(moved));
  }

  #returnUnseen(deliveries: readonly Delivery[]): void {
    const { released } = this.#settlements.current();
    for (const delivery of deliveries) {
      if (!this.#held.delete(delivery)) continue;
      this.#freed(delivery);
      this.stats.delivered -= 1;
      released.push(delivery);
    }
  }

  #forget(deliveries: readonly Delivery[]): void {
    const { acked } = this.#settlements.current();
    for (const delivery of deliveries) {
      if (!this.#held.delete(delivery)) continue;
      this.#freed(delivery);
      acked.push(delivery);
    }
  }

  #freed(delivery: Delivery): void {
    const consumer = this.#byTag.get(delivery.consumerTag);
    if (consumer === undefined) return;
    consumer.settled();
    if (consumer.cancelled && consumer.unacked === 0) this.#byTag.delete(consumer.tag);
  }

  #wakeHungry(): void {
    for (const consumer of this.#byTag.values()) if (consumer.hungry) consumer.wake();
  }

  async #sendSettlements(batch: SettlementBatch): Promise<void> {
    this.#wakeHungry();
    try {
      const stale = await this.onSettleBatch(batch);
      for (const delivery of stale) this.#uncount(delivery);
      if (batch.requeued.length > 0 || batch.released.length > 0) this.wake();
    } catch (error) {
      // The broker still holds them for us: they are sent again when it is back.
      const next = this.#settlements.current();
      next.acked.unshift(...batch.acked);
      next.rejected.unshift(...batch.rejected);
      next.requeued.unshift(...batch.requeued);
      next.released.unshift(...batch.released);
      for (const [delivery, delay] of batch.delays)
        (next.delays as Map<Delivery, number>).set(delivery, delay);
      this.connectionLost(asError(error));
    }
  }

  async #sendPublishes(batch: PublishBatch<Payload>): Promise<void> {
    try {
      const queued = await this.#route(batch);
      for (let i = 0; i < queued.length; i += this.#maxBatch) {
        await this.onPut(
          i === 0 && queued.length <= this.#maxBatch ? queued : queued.slice(i, i + this.#maxBatch),
        );
      }
      this.stats.published += batch.pending.length;
      batch.resolve();
    } catch (error) {
      batch.reject(error);
    }
  }

  async #route(batch: PublishBatch<Payload>): Promise<QueuedMessage<Payload>[]> {
    const tables = new Map<string, ExchangeTable>();
    const broadcasts: BroadcastMessage<Payload>[] = [];
    const queued: QueuedMessage<Payload>[] = [];
    for (const { payload, options, outcome } of batch.pending) {
      const { exchange, routingKey, priority, expiration, delay } = options;
      const broadcast = { payload, exchange, routingKey, priority, expiration, delay };
      if (exchange === '') {
        queued.push({ ...broadcast, queue: routingKey });
        continue;
      }
      let table = tables.get(exchange);
      if (table === undefined) {
        table = await this.#tableOf(exchange);
        tables.set(exchange, table);
      }
      if (table.type === 'fanout' && this.#broadcasts) {
        broadcasts.push(broadcast);
        continue;
      }
      try {
        const queues = routeOf(exchange, table, routingKey);
        for (const queue of queues) queued.push({ ...broadcast, queue });
        if (queues.length === 0) this.#unroutable(options);
      } catch (error) {
        outcome?.reject(error);
      }
    }
    if (broadcasts.length > 0) await this.onBroadcast(broadcasts);
    return queued;
  }

  get #broadcasts(): boolean {
    return this.onBroadcast !== VirtualTransport.prototype.onBroadcast;
  }

  #unroutable(options: ResolvedPublishOptions): void {
    this.stats.unroutable += 1;
    if (!options.mandatory) return;
    const { exchange, routingKey } = options;
    throw new UnroutableError(
      `no queue is bound to exchange ${JSON.stringify(exchange)} for routing key ${JSON.stringify(routingKey)}`,
    );
  }

  async #tableOf(exchange: string): Promise<ExchangeTable> {
    const type =
      this.declaredExchange(exchange)?.type ?? builtIn.get(exchange) ?? (await this.onExchangeType(exchange));
    if (type === undefined || (type === 'fanout' && this.#broadcasts)) return { type, bindings: [] };
    return { type, bindings: await this.onBindings(exchange) };
  }

  async #beginQueue(queue: string): Promise<void> {
    const count = this.#consumersOf.get(queue) ?? 0;
    this.#consumersOf.set(queue, count + 1);
    if (count === 0) await this.onBeginQueue(queue);
  }

  async #endQueue(queue: string): Promise<void> {
    const count = (this.#consumersOf.get(queue) ?? 1) - 1;
    if (count > 0) {
      this.#consumersOf.set(queue, count);
      return;
    }
    this.#consumersOf.delete(queue);
    await this.onEndQueue(queue);
    if (this.declaredQueue(queue)?.autoDelete === true && this.state === 'connected')
      await this.deleteQueue(queue);
  }

  #startPoll(): void {
    // It keeps the process alive while somebody consumes.
    this.#poll ??= setInterval(() => this.wake(), this.#pollSeconds * 1000);
  }

  #startTimers(): void {
    this.#stopTimers();
    const lease = this.leaseSeconds;
    if (lease !== undefined) this.#every(lease / 3, () => this.onRenew(this.#held));
    const restore = this.restoreSeconds;
    if (restore !== undefined) this.#every(restore, () => this.#restore());
  }

  #stopTimers(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
  }

  #every(seconds: number, work: () => Promise<void>): void {
    let busy = false;
    const timer = setInterval(async () => {
      if (busy || this.state !== 'connected') return;
      busy = true;
      try {
        await work();
      } catch (error) {
        this.connectionLost(asError(error));
      } finally {
        busy = false;
      }
    }, seconds * 1000);
    timer.unref();
    this.#timers.push(timer);
  }

  async #restore(): Promise<void> {
    const count = await this.onRestore();
    if (count === 0) return;
    this.stats.restored += count;
    this.emit('restored', count);
    this.wake();
  }
}

const builtIn: ReadonlyMap<string, 'direct' | 'topic' | 'fanout'> = new Map([
  ['amq.direct', 'direct'],
  ['amq.topic', 'topic'],
  ['amq.fanout', 'fanout'],
]);

function emptyBatch(): SettlementBatch {
  return { acked: [], rejected: [], requeued: [], released: [], delays: new Map() };
}

function isEmpty(batch: SettlementBatch): boolean {
  return batch.acked.length + batch.rejected.length + batch.requeued.length + batch.released.length === 0;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
