import { type Message, type MessageLimits, resolveLimits } from '@pool/message';
import { type BrokerUrl, parseBrokerUrls } from './broker-url.js';
import type { Capability } from './capabilities.js';
import {
  checkName,
  checkQueue,
  resolveBinding,
  resolveConsume,
  resolveExchange,
  resolvePublish,
} from './checks.js';
import { type ConnectionHost, ConnectionKeeper } from './connection-keeper.js';
import type { ConsumeOptions, Consumer } from './consumer.js';
import type { Binding, ExchangeDeclaration, QueueDeclaration, QueueStatus } from './declarations.js';
import { Delivery, type DeliveryFields, type DeliveryOwner, type Settlement } from './delivery.js';
import { NotSupportedError, PublishError, StaleDeliveryError } from './errors.js';
import type { PublishOptions } from './publish-options.js';
import { type Declarer, Topology } from './topology.js';
import type { SetAsideRecord, TransportStats } from './transport-events.js';
import { TransportHooks } from './transport-hooks.js';
import type { ResolvedPublishOptions, TransportOptions, TransportState } from './transport-options.js';

/** What a transport is known by, whichever installed copy of this package it extends. */
const brand = Symbol.for('@pool/transport');

/**
 * One connection to a broker, in AMQP's terms. The public methods check their arguments and the state, keep the
 * connection up, and count; an adapter overrides the hooks (`onConnect`, `onPublish`, …), which get complete
 * arguments. Where the broker has only queues, extend `VirtualTransport` instead.
 *
 * After a connection is lost it reconnects by itself, trying the broker URLs in turn, declares again what was
 * declared and lets the consumers go on under the next epoch.
 *
 * `instanceof Transport` holds for one that extends another installed copy of this class.
 */
export abstract class Transport extends TransportHooks implements AsyncDisposable {
  readonly urls: readonly BrokerUrl[];
  readonly stats: TransportStats = {
    published: 0,
    unroutable: 0,
    delivered: 0,
    acked: 0,
    rejected: 0,
    requeued: 0,
    stale: 0,
    setAside: 0,
    restored: 0,
    reconnects: 0,
  };
  /** For the adapter: what a message may have; one that has more is set aside. */
  protected readonly limits: Readonly<MessageLimits>;
  readonly #keeper: ConnectionKeeper;
  readonly #maxWaitingPublishes: number;
  #waitingPublishes = 0;
  readonly #topology = new Topology();
  readonly #declarer: Declarer = {
    exchange: (declaration) => this.onDeclareExchange(declaration),
    queue: (declaration) => this.onDeclareQueue(declaration),
    binding: (binding) => this.onBindQueue(binding),
  };
  readonly #consumers = new Set<Consumer>();
  readonly #owner: DeliveryOwner = {
    settleDelivery: (delivery, settlement, delay, attempted) =>
      this.#settle(delivery, settlement, delay, attempted),
  };

  /** @throws {InvalidBrokerUrlError} */
  constructor(url: BrokerUrl | string | readonly (BrokerUrl | string)[], options: TransportOptions = {}) {
    super();
    this.urls = parseBrokerUrls(url);
    this.limits = resolveLimits(options.limits);
    this.#maxWaitingPublishes = options.maxWaitingPublishes ?? 10_000;
    this.#keeper = new ConnectionKeeper(this.#createHost(), this.urls, options);
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    // Subclasses are asked for what is theirs.
    if (this !== Transport) return Function.prototype[Symbol.hasInstance].call(this, value);
    return typeof value === 'object' && value !== null && brand in value;
  }

  static {
    Object.defineProperty(Transport.prototype, brand, { value: true });
  }

  /** The address in use, or the one that will be tried next. */
  get url(): BrokerUrl {
    return this.#keeper.url;
  }

  get state(): TransportState {
    return this.#keeper.state;
  }

  /** The number of the connection: 0 before the first, one more with each. */
  get epoch(): number {
    return this.#keeper.epoch;
  }

  /** For the adapter: whether `close()` was called. */
  protected get closing(): boolean {
    return this.#keeper.isClosing;
  }

  /** The consumers that were not cancelled. */
  get consumers(): ReadonlySet<Consumer> {
    return this.#consumers;
  }

  /**
   * Makes sure that the broker can do something, before anything depends on it.
   * @throws {NotSupportedError}
   */
  require(capability: Capability): void {
    if (this.capabilities[capability] !== false) return;
    throw new NotSupportedError(`the ${this.url.scheme}: broker does not support ${capability}`, {
      capability,
    });
  }

  /**
   * Connects; every broker URL is tried once. A second call waits for the same connection.
   * @throws {ConnectionError} none of the brokers could be reached; it may be called again
   * @throws {BrokerRefusedError} all of them refused, as they will again
   * @throws {TransportClosedError}
   */
  connect(): Promise<void> {
    return this.#keeper.connect();
  }

  /**
   * Ends the consumers, sends what is still to be sent (settlements, publishes), gives unsettled deliveries back to
   * their queues and disconnects. Every call waits for the same end. Publishes to a broker that takes none are given up
   * after some seconds, and rejected.
   */
  close(): Promise<void> {
    return this.#keeper.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Gives the connection up and opens another, as after an outage: for a watchdog that knows that this one is no good.
   * Does nothing unless connected.
   */
  reconnect(reason: Error): void {
    if (this.state === 'connected') this.#keeper.lose(reason);
  }

  /** Makes an exchange; if it is there it must be alike. */
  async declareExchange(declaration: ExchangeDeclaration): Promise<void> {
    const complete = resolveExchange(declaration);
    if (complete.type !== 'direct') this.require(complete.type);
    this.#assertOpen();
    await this.onDeclareExchange(complete);
    this.#topology.addExchange(complete);
  }

  async deleteExchange(name: string): Promise<void> {
    checkName(name, 'exchange');
    this.#assertOpen();
    this.#topology.removeExchange(name);
    await this.onDeleteExchange(name);
  }

  /** Makes a queue; if it is there it must be alike. With the name `''` the broker (or this class) chooses one. */
  async declareQueue(declaration: QueueDeclaration): Promise<QueueStatus> {
    checkQueue(declaration);
    if (declaration.deadLetterExchange !== undefined) this.require('deadLetterExchange');
    this.#assertOpen();
    const status = await this.onDeclareQueue(declaration);
    this.#topology.addQueue({ ...declaration, name: status.name });
    return status;
  }

  /** Deletes a queue with what waits in it. Resolves to the number of messages that went with it. */
  async deleteQueue(name: string): Promise<number> {
    checkName(name, 'queue');
    this.#assertOpen();
    const bindings = this.#topology.bindingsOf(name);
    this.#topology.removeQueue(name);
    return this.onDeleteQueue(name, bindings);
  }

  /** Routes what an exchange gets to a queue as well. Both must have been declared. */
  async bindQueue(binding: Binding): Promise<void> {
    const complete = resolveBinding(binding);
    this.#assertOpen();
    await this.onBindQueue(complete);
    this.#topology.addBinding(complete);
  }

  async unbindQueue(binding: Binding): Promise<void> {
    const complete = resolveBinding(binding);
    this.#assertOpen();
    this.#topology.removeBinding(complete);
    await this.onUnbindQueue(complete);
  }

  /** Drops the messages that wait in a queue (not those held by consumers). Resolves to their number. */
  async purgeQueue(name: string): Promise<number> {
    checkName(name, 'queue');
    this.#assertOpen();
    return this.onPurgeQueue(name);
  }

  /**
   * Asks what a queue holds, without declaring it. Of a queue that is not there AMQP rejects with
   * `NotDeclaredError`; a broker that keeps no list of its queues says that it is empty.
   */
  async queueStatus(name: string): Promise<QueueStatus> {
    checkName(name, 'queue');
    this.#assertOpen();
    return this.onQueueStatus(name);
  }

  /** The number of messages that wait in a queue. */
  async queueSize(name: string): Promise<number> {
    return (await this.queueStatus(name)).messageCount;
  }

  /**
   * Gives a message to the broker; resolves when the broker owns it. Publishes of one event-loop turn share round
   * trips, so do not await each of many before the next.
   *
   * During an outage it waits for the connection to return. If the connection is lost while the message is on its
   * way, it rejects with `ConnectionError`: the message may or may not have arrived.
   */
  publish(message: Message, options: PublishOptions): Promise<void> {
    let resolved: ResolvedPublishOptions;
    try {
      resolved = resolvePublish(message, options);
      if (resolved.delay > 0) this.require('delayedDelivery');
    } catch (error) {
      return Promise.reject(error);
    }
    const { state } = this.#keeper;
    if (state === 'connected') return this.onPublish(message, resolved);
    if (state !== 'reconnecting') return Promise.reject(this.#keeper.unavailable());
    return this.#publishLater(message, options);
  }

  /** Begins to take messages. */
  async consume(options: ConsumeOptions): Promise<Consumer> {
    const resolved = resolveConsume(options);
    this.#assertOpen();
    const consumer = await this.onConsume(resolved);
    this.#consumers.add(consumer);
    // close() has cancelled those it knew of.
    if (this.#keeper.isClosing) {
      await consumer.cancel();
      throw this.#keeper.unavailable();
    }
    return consumer;
  }

  /**
   * Whether a delivery is still here to be handled: it was not settled and the broker has not taken it back. What needs no
   * ack (`noAck`) is nowhere else.
   */
  holds(delivery: Delivery): boolean {
    if (this.state === 'closed') return false;
    return delivery.noAck || (delivery.settled === undefined && this.onHolds(delivery));
  }

  /**
   * Puts a message that cannot be handled where it can be inspected, with the reason, and takes it off its queue.
   * The delivery is settled by it. Resolves when the broker owns the copy; if it rejects, the delivery is held as before
   * (see `holdUntilAside`).
   */
  async setAside(delivery: Delivery, reason: string): Promise<void> {
    if (delivery.settled !== undefined && !delivery.noAck) return;
    const record = await this.onSetAside(delivery, reason);
    this.recordSetAside(record);
  }

  /** Waits until the broker has all settlements and publishes made before this call. */
  async flush(): Promise<void> {
    await this.onFlush();
  }

  /** Whether the broker counts this delivery as ours. @default it came on this connection */
  protected onHolds(delivery: Delivery): boolean {
    return delivery.epoch === this.epoch && this.state === 'connected';
  }

  /** For the adapter: a delivery whose `ack` and `reject` come to `onSettle`. */
  protected createDelivery(fields: DeliveryFields): Delivery {
    return new Delivery(this.#owner, fields);
  }

  /** For the adapter: the connection is gone. Starts reconnecting; further calls during the outage do nothing. */
  protected connectionLost(error: Error): void {
    this.#keeper.lose(error);
  }

  /** For the adapter: a consumer has ended. */
  protected forgetConsumer(consumer: Consumer): void {
    this.#consumers.delete(consumer);
  }

  /** For the adapter: counts and tells a message that was put aside. */
  protected recordSetAside(record: SetAsideRecord): void {
    this.stats.setAside += 1;
    this.emit('setAside', record);
  }

  /** For the adapter: counts and tells a settlement that had no effect. `cause`: why the broker was not told. */
  protected recordStale(delivery: Delivery, cause?: unknown): void {
    this.stats.stale += 1;
    if (this.listenerCount('staleSettlement') === 0) return;
    const { queue } = delivery;
    const message =
      cause === undefined
        ? `the broker no longer held this message of ${queue} for us; unless it lost its data, it is delivered again`
        : `the broker could not be told that a message of ${queue} was settled; it is delivered again`;
    this.emit('staleSettlement', delivery, new StaleDeliveryError(message, { cause }));
  }

  /** For the adapter: declares all that was declared here again, for a broker that forgot it without being away. */
  protected declareAllAgain(): Promise<void> {
    return this.#topology.declareAgain(this.#declarer);
  }

  /**
   * For the adapter: declares a queue that the broker took away again, with what it is bound to. Resolves to false if
   * it was not declared here, or was deleted here.
   */
  protected declareQueueAgain(name: string): Promise<boolean> {
    return this.#topology.declareQueueAgain(name, this.#declarer);
  }

  /** For the adapter: whether `declareExchange` was called for this name here, and how. */
  protected declaredExchange(name: string): Required<ExchangeDeclaration> | undefined {
    return this.#topology.exchange(name);
  }

  /** For the adapter: whether `declareQueue` was called for this name here, and how. */
  protected declaredQueue(name: string): QueueDeclaration | undefined {
    return this.#topology.queue(name);
  }

  #settle(
    delivery: Delivery,
    settlement: 'acked' | 'rejected' | 'requeued',
    delay: number,
    attempted: boolean | undefined,
  ): Settlement {
    const closed = this.#keeper.state === 'closed';
    const outcome = closed ? 'stale' : this.onSettle(delivery, settlement, delay, attempted);
    if (outcome === 'stale') this.recordStale(delivery);
    else this.stats[outcome] += 1;
    return outcome;
  }

  /** Waits for the end of an outage, with not too many others. */
  async #publishLater(message: Message, options: PublishOptions): Promise<void> {
    const max = this.#maxWaitingPublishes;
    if (this.#waitingPublishes >= max) {
      throw new PublishError(`the broker ${this.url} is away and ${max} messages wait for it already`);
    }
    this.#waitingPublishes += 1;
    try {
      await this.#keeper.whenConnected();
    } finally {
      this.#waitingPublishes -= 1;
    }
    return this.publish(message, options);
  }

  #assertOpen(): void {
    if (this.#keeper.state !== 'connected') throw this.#keeper.unavailable();
  }

  #createHost(): ConnectionHost {
    return {
      open: (url, signal) => this.onConnect(url, signal),
      disconnect: () => this.onDisconnect(),
      restore: () => this.#restore(),
      drain: () => this.#drain(),
      close: () => this.onClose(),
      onConnected: () => {
        if (this.epoch > 1) this.stats.reconnects += 1;
        this.onConnected();
        this.emit('connected', this.epoch);
      },
      onDisconnected: (error) => this.emit('disconnected', error),
      onRetry: (error, attempt, delay) => this.emit('reconnecting', error, attempt, delay),
      onFailed: (error) => this.emit('failed', error),
    };
  }

  async #restore(): Promise<void> {
    await this.declareAllAgain();
    await this.onReconnect();
  }

  async #drain(): Promise<void> {
    await Promise.all([...this.#consumers].map((consumer) => consumer.cancel()));
    await this.onFlush();
  }
}
