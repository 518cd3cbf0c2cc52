import type { Message } from '@pool/message';
import {
  type Binding,
  type BrokerUrl,
  ConnectionError,
  type Consumer,
  DeclarationMismatchError,
  type Delivery,
  type ExchangeDeclaration,
  holdUntilAside,
  NotSupportedError,
  type QueueDeclaration,
  type QueueStatus,
  type ResolvedConsumeOptions,
  type ResolvedPublishOptions,
  type SetAsideRecord,
  type Settlement,
  Transport,
  type TransportCapabilities,
} from '@pool/transport';
import type { Channel, ConsumeMessage } from 'amqplib';
import { AmqpConsumer, type ConsumerPort } from './amqp-consumer.js';
import type { AmqpTransportOptions } from './amqp-options.js';
import { fromAmqp, toAmqp } from './amqp-properties.js';
import { majorVersion, openConnection } from './connection.js';
import { asideCopy, countedCopy, refusalOf, takeDeliveryCount } from './copies.js';
import { declarationError, queueOptions } from './declarations.js';
import { Link, type LinkHost } from './link.js';

/** Seconds for the broker to answer a farewell. */
const FAREWELL = 5;
/** The same, on a connection that is known to be no good. */
const LOST_FAREWELL = 1;
/** Seconds that `close()` waits for a broker that takes no messages. */
const CLOSING_PATIENCE = 5;

/** RabbitMQ as a broker, declared as Celery declares it. */
export class AmqpTransport extends Transport {
  readonly capabilities: TransportCapabilities = {
    fanout: true,
    topic: true,
    remoteControl: true,
    priorities: { levels: 10, urgent: 'high' },
    delayedDelivery: true,
    messageTtl: true,
    queueExpiry: true,
    livePrefetch: true,
    // Of quorum queues alone.
    deliveryCount: false,
    deadLetterExchange: true,
    multiProcess: true,
    persistent: true,
    ordered: true,
  };
  readonly #options: AmqpTransportOptions;
  readonly #consumers = new Set<AmqpConsumer>();
  readonly #copying = new Set<Promise<void>>();
  #link: Link | undefined;

  constructor(urls: readonly BrokerUrl[], options: AmqpTransportOptions = {}) {
    super(urls, options);
    this.#options = options;
  }

  get #open(): Link {
    if (this.#link === undefined) throw new ConnectionError(`there is no connection to ${this.url}`);
    return this.#link;
  }

  protected override async onConnect(url: BrokerUrl, signal: AbortSignal): Promise<void> {
    const { connectTimeout = 10, delayQueueType = 'quorum', maxWaitingPublishes = 10_000 } = this.#options;
    const connection = await openConnection(url, this.#options, signal);
    const host: LinkHost = {
      open: () => openConnection(url, this.#options, AbortSignal.timeout(connectTimeout * 1000)),
      onLost: (cause) => {
        const why = cause === undefined ? '' : `: ${cause.message}`;
        this.connectionLost(new ConnectionError(`the connection to ${url} was lost${why}`, { cause }));
      },
      onBlocked: (reason) => this.emit('blocked', reason),
      onUnblocked: () => this.emit('unblocked'),
      onUnroutable: () => {
        this.stats.unroutable += 1;
      },
    };
    this.#link = new Link(connection, host, { delayQueueType, maxWaitingPublishes });
  }

  protected override onDisconnect(): Promise<void> {
    return this.#disconnect(LOST_FAREWELL);
  }

  async #disconnect(patience: number): Promise<void> {
    const link = this.#link;
    this.#link = undefined;
    for (const consumer of this.#consumers) {
      consumer.disconnect();
      if (consumer.cancelled) this.#consumers.delete(consumer);
    }
    await link?.close(patience);
  }

  protected override async onReconnect(): Promise<void> {
    if (this.consumers.size > 0) this.#open.separatePublishes();
    for (const consumer of this.consumers) await (consumer as AmqpConsumer).start();
  }

  protected override async onClose(): Promise<void> {
    await Promise.all([...this.#consumers].map((consumer) => consumer.close()));
    await this.#disconnect(FAREWELL);
    this.#consumers.clear();
  }

  protected override async onDeclareExchange(declaration: Required<ExchangeDeclaration>): Promise<void> {
    const { name, type, durable, autoDelete } = declaration;
    const options = { durable, autoDelete, arguments: declaration.arguments };
    await this.#declare(`exchange ${name}`, { type, ...options }, (channel) =>
      channel.assertExchange(name, type, options),
    );
  }

  protected override async onDeleteExchange(name: string): Promise<void> {
    await this.#declare(`exchange ${name}`, {}, (channel) => channel.deleteExchange(name));
  }

  protected override async onDeclareQueue(declaration: QueueDeclaration): Promise<QueueStatus> {
    const options = queueOptions(declaration, this.#options.defaultQueueType);
    const { queue, messageCount, consumerCount } = await this.#declare(
      `queue ${declaration.name}`,
      options,
      (channel) => channel.assertQueue(declaration.name, options),
    );
    await this.#open.delayed.declared(queue);
    return { name: queue, messageCount, consumerCount };
  }

  protected override async onDeleteQueue(name: string): Promise<number> {
    const deleted = await this.#declare(`queue ${name}`, {}, (channel) => channel.deleteQueue(name));
    this.#open.delayed.deleted(name);
    return deleted.messageCount;
  }

  protected override async onBindQueue(binding: Required<Binding>): Promise<void> {
    const { queue, exchange, routingKey } = binding;
    const what = `queue ${queue} or exchange ${exchange}`;
    await this.#declare(what, { routingKey }, (channel) =>
      channel.bindQueue(queue, exchange, routingKey, binding.arguments),
    );
    const topic = this.declaredExchange(exchange)?.type === 'topic';
    if (topic && this.#isQuorum(queue)) await this.#open.delayed.bindExchange(queue, exchange, routingKey);
  }

  protected override async onUnbindQueue(binding: Required<Binding>): Promise<void> {
    const { queue, exchange, routingKey } = binding;
    const what = `queue ${queue} or exchange ${exchange}`;
    await this.#declare(what, { routingKey }, (channel) =>
      channel.unbindQueue(queue, exchange, routingKey, binding.arguments),
    );
  }

  protected override async onPurgeQueue(name: string): Promise<number> {
    return (await this.#declare(`queue ${name}`, {}, (channel) => channel.purgeQueue(name))).messageCount;
  }

  protected override async onQueueStatus(name: string): Promise<QueueStatus> {
    const status = await this.#declare(`queue ${name}`, {}, (channel) => channel.checkQueue(name));
    return { name, messageCount: status.messageCount, consumerCount: status.consumerCount };
  }

  async #declare<T>(what: string, wanted: unknown, call: (channel: Channel) => Promise<T>): Promise<T> {
    try {
      return await this.#open.admin.run(call);
    } catch (error) {
      throw declarationError(what, wanted, error);
    }
  }

  protected override async onPublish(message: Message, options: ResolvedPublishOptions): Promise<void> {
    const { publisher, delayed } = this.#open;
    const { exchange, routingKey, delay } = options;
    const properties = toAmqp(message, options);
    if (delay > 0) {
      if (exchange !== '') {
        throw new NotSupportedError(
          `a message with a delay goes to a queue; name one, instead of the exchange ${exchange}`,
          { capability: 'delayedDelivery' },
        );
      }
      const ladder = await delayed.route(routingKey, delay);
      await publisher.publish(ladder.exchange, ladder.routingKey, message.body, properties);
    } else await publisher.publish(exchange, routingKey, message.body, properties);
    this.stats.published += 1;
  }

  protected override async onConsume(options: ResolvedConsumeOptions): Promise<Consumer> {
    const consumer = new AmqpConsumer(this.#port, options);
    this.#consumers.add(consumer);
    this.#open.separatePublishes();
    try {
      await consumer.start();
    } catch (error) {
      this.#consumers.delete(consumer);
      await consumer.close();
      throw declarationError(`queue ${options.queues.join(' or ')}`, {}, error);
    }
    return consumer;
  }

  readonly #port: ConsumerPort = {
    openChannel: () => this.#open.connection.createChannel(),
    channelWide: (queues) => this.#channelWide(queues),
    createDelivery: (message, queue, consumer) => this.#deliver(message, queue, consumer),
    refuse: (delivery) => this.#refuse(delivery),
    declareAgain: (queue) => this.declareQueueAgain(queue),
    onCancelled: (consumer, queue) => this.emit('consumerCancelled', consumer, queue),
    onResumed: (consumer, queue) => this.emit('consumerResumed', consumer, queue),
    onStalled: (consumer, queue, error, delay) => this.emit('consumerStalled', consumer, queue, error, delay),
    onLost: (error) => this.connectionLost(error),
    ended: (consumer) => this.forgetConsumer(consumer),
    released: (consumer) => this.#consumers.delete(consumer),
  };

  #channelWide(queues: readonly string[]): boolean {
    const { channelWidePrefetch } = this.#options;
    if (channelWidePrefetch !== undefined) return channelWidePrefetch;
    return majorVersion(this.#open.connection) < 4 && !queues.some((queue) => this.#isQuorum(queue));
  }

  #isQuorum(queue: string): boolean {
    const declared = this.declaredQueue(queue);
    const type = declared?.queueType ?? declared?.arguments?.['x-queue-type'];
    return (type ?? this.#options.defaultQueueType) === 'quorum';
  }

  #deliver(message: ConsumeMessage, queue: string, consumer: AmqpConsumer): Delivery {
    const { fields, properties, content } = message;
    this.stats.delivered += 1;
    const decoded = fromAmqp(content, properties);
    const redelivered = fields.redelivered || decoded.headers['redelivered'] === true;
    return this.createDelivery({
      message: decoded,
      tag: fields.deliveryTag,
      queue,
      exchange: fields.exchange,
      routingKey: fields.routingKey,
      redelivered,
      deliveryCount: takeDeliveryCount(decoded.headers, fields.redelivered, this.#isQuorum(queue)),
      epoch: this.epoch,
      consumerTag: consumer.tag,
      noAck: consumer.noAck,
      handle: consumer,
    });
  }

  /** Whether the message is set aside here, because not even a worker should look at it. */
  #refuse(delivery: Delivery): boolean {
    const reason = refusalOf(delivery.message, this.limits);
    if (reason === undefined) return false;
    this.emit('refused', delivery.queue, reason);
    void holdUntilAside(this, delivery, reason, {
      onFailed: (error) => this.emit('setAsideFailed', delivery.queue, error),
    });
    return true;
  }

  protected override onSettle(
    delivery: Delivery,
    settlement: 'acked' | 'rejected' | 'requeued',
    delay: number,
    attempted: boolean | undefined,
  ): Settlement {
    if (delivery.epoch !== this.epoch || this.#link === undefined) return 'stale';
    const consumer = delivery.handle as AmqpConsumer;
    if (settlement === 'requeued' && (delay > 0 || (attempted && !this.#isQuorum(delivery.queue)))) {
      this.#inFlight(this.#giveBackCopy(delivery, consumer, delay));
      return settlement;
    }
    return consumer.settle(delivery, settlement) ? settlement : 'stale';
  }

  /** The copy is the broker's before the original is gone. */
  async #giveBackCopy(delivery: Delivery, consumer: AmqpConsumer, delay: number): Promise<void> {
    const { epoch } = delivery;
    let settlement: 'acked' | 'requeued' = 'requeued';
    try {
      await this.publish(countedCopy(delivery), { routingKey: delivery.queue, delay, mandatory: true });
      settlement = 'acked';
    } catch {
      // The original goes back instead.
    }
    // Its number may be another message's on the next connection.
    if (epoch !== this.epoch || !consumer.settle(delivery, settlement)) this.recordStale(delivery);
  }

  protected override onSetAside(delivery: Delivery, reason: string): Promise<SetAsideRecord> {
    const moved = this.#moveAside(delivery, reason);
    this.#inFlight(moved);
    return moved;
  }

  async #moveAside(delivery: Delivery, reason: string): Promise<SetAsideRecord> {
    const { queue, tag } = delivery;
    const place = `${queue}.rejected`;
    const maxLength = this.#options.maxSetAside ?? 10_000;
    try {
      await this.onDeclareQueue({
        name: place,
        queueType: 'classic',
        arguments: { 'x-max-length': maxLength },
      });
    } catch (error) {
      // It is there, with another bound.
      if (!DeclarationMismatchError.isInstance(error)) throw error;
    }
    await this.publish(asideCopy(delivery, reason, this.limits), { routingKey: place, mandatory: true });
    delivery.ack();
    return { queue, reason, place, tag };
  }

  /** A copy whose original is settled when the broker has it. */
  #inFlight(copying: Promise<unknown>): void {
    const forget = (): void => void this.#copying.delete(done);
    const done = copying.then(forget, forget);
    this.#copying.add(done);
  }

  protected override async onFlush(): Promise<void> {
    const publisher = this.#link?.publisher;
    const copied = Promise.all(this.#copying);
    // A copy is a publish, too.
    if (this.closing) await publisher?.settledOrBlocked(CLOSING_PATIENCE);
    else await Promise.all([copied, publisher?.settled()]);
    await Promise.all([...this.#consumers].map((consumer) => consumer.flush().catch(() => {})));
  }
}
