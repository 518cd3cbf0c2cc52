import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Message } from '@pool/message';
import { type BackOffOptions, backOff } from './back-off.js';
import { type BrokerUrl, parseBrokerUrls } from './broker-url.js';
import type { Capability, TransportCapabilities } from './capabilities.js';
import type { ConsumeOptions, Consumer } from './consumer.js';
import type { Binding, ExchangeDeclaration, QueueDeclaration, QueueStatus } from './declarations.js';
import { Delivery, type DeliveryFields, type DeliveryOwner, type Settlement } from './delivery.js';
import {
  ConnectionError,
  NotSupportedError,
  PublishError,
  StaleDeliveryError,
  TransportClosedError,
} from './errors.js';
import type { PublishOptions } from './publish-options.js';
import type { SetAsideRecord, TransportEvents, TransportStats } from './transport-events.js';

/** What every transport takes; an adapter adds its own. Durations are seconds. */
export interface TransportOptions {
  /** How long one attempt to connect may take. @default 10 */
  connectTimeout?: number;
  /** The waits between attempts to reconnect. */
  reconnect?: BackOffOptions;
  /** Attempts to reconnect before giving up; `Infinity` never does. @default Infinity */
  maxReconnects?: number;
  /** Begin with a random one of several broker URLs, rather than the first. @default false */
  shuffle?: boolean;
  /** Publishes that may wait for a lost connection to return; more are refused. @default 10000 */
  maxWaitingPublishes?: number;
}

/** Where a transport is in its life. */
export type TransportState = 'new' | 'connecting' | 'connected' | 'reconnecting' | 'closing' | 'closed';

/** `PublishOptions` with every default filled in. */
export interface ResolvedPublishOptions {
  exchange: string;
  routingKey: string;
  priority: number;
  expiration: number | undefined;
  delay: number;
  mandatory: boolean;
}

/** `ConsumeOptions` with every default filled in. */
export interface ResolvedConsumeOptions {
  queues: readonly string[];
  prefetch: number;
  noAck: boolean;
  onDeliveries: (deliveries: Delivery[]) => void;
  onCancelled: ((queue: string) => void) | undefined;
}

/**
 * One connection to a broker, in AMQP's terms. The public methods check their arguments and the state, keep the
 * connection up, and count; an adapter overrides the hooks (`onConnect`, `onPublish`, …), which get complete
 * arguments. Where the broker has only queues, extend `VirtualTransport` instead.
 *
 * After a connection is lost it reconnects by itself, trying the broker URLs in turn, declares again what was
 * declared and lets the consumers go on under the next epoch.
 */
export abstract class Transport extends EventEmitter<TransportEvents> implements AsyncDisposable {
  /** What this broker can do. */
  abstract readonly capabilities: TransportCapabilities;
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
  readonly #options: TransportOptions;
  #state: TransportState = 'new';
  #epoch = 0;
  #urlIndex = 0;
  #connecting: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #abort = new AbortController();
  /** Why the newest connection is gone, from the moment that is known. */
  #lost: Error | undefined;
  #lostWhileClosing = new AbortController();
  #waitingPublishes = 0;
  #whenConnected: { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void } | undefined;
  readonly #exchanges = new Map<string, Required<ExchangeDeclaration>>();
  readonly #queues = new Map<string, QueueDeclaration>();
  readonly #bindings = new Map<string, Required<Binding>>();
  readonly #consumers = new Set<Consumer>();
  readonly #owner: DeliveryOwner = {
    settleDelivery: (delivery, settlement, delay) => this.#settle(delivery, settlement, delay),
  };

  /** @throws {InvalidBrokerUrlError} */
  constructor(url: BrokerUrl | string | readonly (BrokerUrl | string)[], options: TransportOptions = {}) {
    super();
    this.urls = parseBrokerUrls(url);
    this.#options = options;
    if (options.shuffle === true) this.#urlIndex = Math.floor(Math.random() * this.urls.length);
  }

  /** The address in use, or the one that will be tried next. */
  get url(): BrokerUrl {
    return this.urls[this.#urlIndex] as BrokerUrl;
  }

  get state(): TransportState {
    return this.#state;
  }

  /** The number of the connection: 0 before the first, one more with each. */
  get epoch(): number {
    return this.#epoch;
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
   * @throws {TransportClosedError}
   */
  connect(): Promise<void> {
    if (this.#state === 'connected') return Promise.resolve();
    if (this.#state === 'reconnecting') return this.#reconnected();
    if (this.#state === 'closing' || this.#state === 'closed') return Promise.reject(this.#closedError());
    this.#connecting ??= this.#connectFirst().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  /**
   * Ends the consumers, sends what is still to be sent (settlements, publishes), gives unsettled deliveries back to
   * their queues and disconnects. Every call waits for the same end.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Makes an exchange; if it is there it must be alike. */
  async declareExchange(declaration: ExchangeDeclaration): Promise<void> {
    checkName(declaration.name, 'exchange');
    const { type = 'direct' } = declaration;
    if (type === 'fanout' || type === 'topic') this.require(type);
    else if (type !== 'direct')
      throw new TypeError(`an exchange is direct, topic or fanout, not ${String(type)}`);
    const complete = { durable: true, autoDelete: false, arguments: {}, ...declaration, type };
    this.#assertOpen();
    await this.onDeclareExchange(complete);
    this.#exchanges.set(complete.name, complete);
  }

  async deleteExchange(name: string): Promise<void> {
    checkName(name, 'exchange');
    this.#assertOpen();
    this.#exchanges.delete(name);
    for (const [key, binding] of this.#bindings) if (binding.exchange === name) this.#bindings.delete(key);
    await this.onDeleteExchange(name);
  }

  /** Makes a queue; if it is there it must be alike. With the name `''` the broker (or this class) chooses one. */
  async declareQueue(declaration: QueueDeclaration): Promise<QueueStatus> {
    if (declaration.name !== '') checkName(declaration.name, 'queue');
    checkSeconds(declaration.expires, 'expires');
    checkSeconds(declaration.messageTtl, 'messageTtl');
    if (declaration.deadLetterExchange !== undefined) this.require('deadLetterExchange');
    this.#assertOpen();
    const status = await this.onDeclareQueue(declaration);
    this.#queues.set(status.name, { ...declaration, name: status.name });
    return status;
  }

  /** Deletes a queue with what waits in it. Resolves to the number of messages that went with it. */
  async deleteQueue(name: string): Promise<number> {
    checkName(name, 'queue');
    this.#assertOpen();
    this.#queues.delete(name);
    for (const [key, binding] of this.#bindings) if (binding.queue === name) this.#bindings.delete(key);
    return this.onDeleteQueue(name);
  }

  /** Routes what an exchange gets to a queue as well. Both must have been declared. */
  async bindQueue(binding: Binding): Promise<void> {
    const complete = completeBinding(binding);
    this.#assertOpen();
    await this.onBindQueue(complete);
    this.#bindings.set(bindingKey(complete), complete);
  }

  async unbindQueue(binding: Binding): Promise<void> {
    const complete = completeBinding(binding);
    this.#assertOpen();
    this.#bindings.delete(bindingKey(complete));
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
      resolved = this.#resolvePublish(message, options);
    } catch (error) {
      return Promise.reject(error);
    }
    if (this.#state === 'connected') return this.onPublish(message, resolved);
    if (this.#state !== 'reconnecting') return Promise.reject(this.#closedError());
    const { maxWaitingPublishes = 10_000 } = this.#options;
    if (this.#waitingPublishes >= maxWaitingPublishes) {
      return Promise.reject(
        new PublishError(
          `the broker ${this.url} is away and ${maxWaitingPublishes} messages wait for it already`,
        ),
      );
    }
    this.#waitingPublishes += 1;
    return this.#reconnected()
      .finally(() => {
        this.#waitingPublishes -= 1;
      })
      .then(() => this.publish(message, options));
  }

  /** Begins to take messages. */
  async consume(options: ConsumeOptions): Promise<Consumer> {
    if (typeof options.onDeliveries !== 'function') throw new TypeError('onDeliveries must be a function');
    for (const queue of options.queues) checkName(queue, 'queue');
    const { prefetch = 0, noAck = false, onCancelled } = options;
    checkPrefetch(prefetch);
    this.#assertOpen();
    const queues = [...new Set(options.queues)];
    const consumer = await this.onConsume({
      queues,
      prefetch,
      noAck,
      onDeliveries: options.onDeliveries,
      onCancelled,
    });
    this.#consumers.add(consumer);
    return consumer;
  }

  /**
   * Puts a message that cannot be handled where it can be inspected, with the reason, and takes it off its queue.
   * The delivery is settled by it. Resolves when the broker owns the copy.
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

  /** Opens the connection to `url`; rejects if it cannot, having cleaned up. */
  protected abstract onConnect(url: BrokerUrl, signal: AbortSignal): Promise<void>;
  /** Clears up after a connection that was lost, before the next `onConnect`. */
  protected onDisconnect(): Promise<void> | void {}
  /** Goes on consuming with the consumers there are, on a new connection whose topology stands. */
  protected onReconnect(): Promise<void> | void {}
  /** The transport has become connected, for the first time or again: publishes and settlements may flow. */
  protected onConnected(): void {}
  /** Gives unsettled deliveries back and closes the connection. Consumers were cancelled and all was flushed. */
  protected abstract onClose(): Promise<void>;
  protected abstract onDeclareExchange(declaration: Required<ExchangeDeclaration>): Promise<void>;
  protected abstract onDeleteExchange(name: string): Promise<void>;
  protected abstract onDeclareQueue(declaration: QueueDeclaration): Promise<QueueStatus>;
  protected abstract onDeleteQueue(name: string): Promise<number>;
  protected abstract onBindQueue(binding: Required<Binding>): Promise<void>;
  protected abstract onUnbindQueue(binding: Required<Binding>): Promise<void>;
  protected abstract onPurgeQueue(name: string): Promise<number>;
  protected abstract onQueueStatus(name: string): Promise<QueueStatus>;
  /** Resolves when the broker owns the message. Count in `stats.published`. */
  protected abstract onPublish(message: Message, options: ResolvedPublishOptions): Promise<void>;
  protected abstract onConsume(options: ResolvedConsumeOptions): Promise<Consumer>;
  /**
   * Notes the settlement, to be sent with its batch. Returns `'stale'` if the broker has taken the message back.
   * Called at most once for a delivery.
   */
  protected abstract onSettle(
    delivery: Delivery,
    settlement: 'acked' | 'rejected' | 'requeued',
    delay: number,
  ): Settlement;
  /** Moves the message aside and settles the delivery. */
  protected abstract onSetAside(delivery: Delivery, reason: string): Promise<SetAsideRecord>;
  protected abstract onFlush(): Promise<void>;

  /** For the adapter: a delivery whose `ack` and `reject` come to `onSettle`. */
  protected createDelivery(fields: DeliveryFields): Delivery {
    return new Delivery(this.#owner, fields);
  }

  /** For the adapter: the connection is gone. Starts reconnecting; further calls during the outage do nothing. */
  protected connectionLost(error: Error): void {
    this.#lost ??= error;
    if (this.#state !== 'connected') return;
    if (this.#closing) {
      this.#lostWhileClosing.abort();
      return;
    }
    this.#state = 'reconnecting';
    this.emit('disconnected', error);
    void this.#reconnect(error);
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
        ? `a message of ${queue} was settled after the broker had taken it back; it is delivered again`
        : `the broker could not be told that a message of ${queue} was settled; it is delivered again`;
    this.emit('staleSettlement', delivery, new StaleDeliveryError(message, { cause }));
  }

  /** For the adapter: whether `declareExchange` was called for this name here, and how. */
  protected declaredExchange(name: string): Required<ExchangeDeclaration> | undefined {
    return this.#exchanges.get(name);
  }

  /** For the adapter: whether `declareQueue` was called for this name here, and how. */
  protected declaredQueue(name: string): QueueDeclaration | undefined {
    return this.#queues.get(name);
  }

  #settle(delivery: Delivery, settlement: 'acked' | 'rejected' | 'requeued', delay: number): Settlement {
    const closed = this.#state === 'closed' || this.#state === 'new';
    const outcome = closed ? 'stale' : this.onSettle(delivery, settlement, delay);
    if (outcome === 'stale') this.recordStale(delivery);
    else this.stats[outcome] += 1;
    return outcome;
  }

  #resolvePublish(message: Message, options: PublishOptions): ResolvedPublishOptions {
    if (!(message?.body instanceof Uint8Array))
      throw new TypeError('a message needs a body of bytes (Uint8Array)');
    const { exchange = '', routingKey, delay = 0, mandatory = false } = options;
    if (typeof routingKey !== 'string') throw new TypeError('routingKey must be a string');
    const priority = options.priority ?? message.properties.priority ?? 0;
    if (!(priority >= 0 && priority <= 255)) throw new TypeError('priority must be a number from 0 to 9');
    checkSeconds(options.expiration, 'expiration');
    checkSeconds(delay, 'delay');
    if (delay > 0) this.require('delayedDelivery');
    const expiration = options.expiration ?? secondsOf(message.properties.expiration);
    return { exchange, routingKey, priority, expiration, delay, mandatory };
  }

  #assertOpen(): void {
    if (this.#state !== 'connected') throw this.#closedError();
  }

  #closedError(): Error {
    if (this.#state === 'reconnecting')
      return new ConnectionError(`the broker ${this.url} is away; reconnecting`);
    const why = this.#state === 'new' || this.#state === 'connecting' ? 'not connected yet' : 'closed';
    return new TransportClosedError(`the transport to ${this.url} is ${why}`);
  }

  async #connectFirst(): Promise<void> {
    this.#state = 'connecting';
    let last: unknown;
    for (let tried = 0; tried < this.urls.length; tried++) {
      try {
        await this.#open();
        if (this.#closing) throw this.#closedError();
        this.#nowConnected();
        return;
      } catch (error) {
        if (this.#closing) throw this.#closedError();
        last = error;
        this.#urlIndex = (this.#urlIndex + 1) % this.urls.length;
      }
    }
    this.#state = 'new';
    throw this.#connectError(last);
  }

  #nowConnected(): void {
    this.#state = 'connected';
    this.onConnected();
    this.emit('connected', this.#epoch);
  }

  async #open(): Promise<void> {
    const { connectTimeout = 10 } = this.#options;
    const timeout = AbortSignal.timeout(connectTimeout * 1000);
    this.#lost = undefined;
    await this.onConnect(this.url, AbortSignal.any([timeout, this.#abort.signal]));
    this.#epoch += 1;
  }

  #connectError(cause: unknown): ConnectionError {
    if (cause instanceof ConnectionError) return cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    return new ConnectionError(`cannot connect to ${this.urls.join(' or ')}: ${why}`, { cause });
  }

  #reconnected(): Promise<void> {
    if (!this.#whenConnected) {
      let resolve!: () => void;
      let reject!: (error: Error) => void;
      const promise = new Promise<void>((yes, no) => {
        resolve = yes;
        reject = no;
      });
      promise.catch(() => {});
      this.#whenConnected = { promise, resolve, reject };
    }
    return this.#whenConnected.promise;
  }

  async #reconnect(error: Error): Promise<void> {
    const { maxReconnects = Number.POSITIVE_INFINITY, reconnect } = this.#options;
    let last = error;
    for (let attempt = 0; attempt < maxReconnects; attempt++) {
      const delay = backOff(attempt, reconnect);
      try {
        await sleep(delay * 1000, undefined, { signal: this.#abort.signal });
        await this.onDisconnect();
        await this.#open();
        await this.#declareAgain();
        await this.onReconnect();
        if (this.#lost !== undefined) throw this.#lost;
      } catch (failure) {
        if (this.#closing) return;
        last = this.#connectError(failure);
        this.#urlIndex = (this.#urlIndex + 1) % this.urls.length;
        this.emit('reconnecting', last, attempt + 1, backOff(attempt + 1, { ...reconnect, jitter: 0 }));
        continue;
      }
      if (this.#closing) return;
      this.stats.reconnects += 1;
      this.#nowConnected();
      this.#whenConnected?.resolve();
      this.#whenConnected = undefined;
      return;
    }
    this.emit('failed', last);
    await this.close();
  }

  async #declareAgain(): Promise<void> {
    for (const exchange of this.#exchanges.values()) await this.onDeclareExchange(exchange);
    for (const queue of this.#queues.values()) await this.onDeclareQueue(queue);
    for (const binding of this.#bindings.values()) await this.onBindQueue(binding);
  }

  async #drain(): Promise<void> {
    await Promise.all([...this.#consumers].map((consumer) => consumer.cancel()));
    await this.onFlush();
  }

  async #close(): Promise<void> {
    const wasConnected = this.#state === 'connected';
    if (this.#state === 'new') {
      this.#state = 'closed';
      return;
    }
    this.#whenConnected?.reject(new TransportClosedError(`the transport to ${this.url} was closed`));
    this.#whenConnected = undefined;
    try {
      if (wasConnected) await Promise.race([this.#drain(), once(this.#lostWhileClosing.signal)]);
    } finally {
      this.#state = 'closing';
      this.#abort.abort(new TransportClosedError(`the transport to ${this.url} was closed`));
      await this.#connecting?.catch(() => {});
      try {
        await this.onClose();
      } finally {
        this.#state = 'closed';
      }
    }
  }
}

function once(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function completeBinding(binding: Binding): Required<Binding> {
  checkName(binding.queue, 'queue');
  checkName(binding.exchange, 'exchange');
  return { routingKey: '', arguments: {}, ...binding };
}

function bindingKey(binding: Required<Binding>): string {
  return JSON.stringify([binding.exchange, binding.routingKey, binding.queue]);
}

function checkName(name: unknown, what: string): void {
  if (typeof name !== 'string' || name === '')
    throw new TypeError(`the name of a ${what} must be a non-empty string`);
}

function checkSeconds(value: unknown, name: string): void {
  if (value === undefined) return;
  if (typeof value !== 'number' || !(value >= 0))
    throw new TypeError(`${name} must be a number of seconds, 0 or more`);
}

/** Throws a `TypeError` unless `prefetch` is a whole number, 0 or more. */
export function checkPrefetch(prefetch: unknown): void {
  if (!Number.isSafeInteger(prefetch) || (prefetch as number) < 0) {
    throw new TypeError('prefetch must be a whole number, 0 (unlimited) or more');
  }
}

function secondsOf(milliseconds: string | undefined): number | undefined {
  if (milliseconds === undefined) return undefined;
  const value = Number(milliseconds);
  return Number.isFinite(value) && value >= 0 ? value / 1000 : undefined;
}
