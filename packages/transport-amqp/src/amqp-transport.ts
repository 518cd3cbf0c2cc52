import type { Message } from '@pool/message';
import {
  asideHeaders,
  type Binding,
  type BrokerUrl,
  ConnectionError,
  type Consumer,
  type Delivery,
  type ExchangeDeclaration,
  type QueueDeclaration,
  type QueueStatus,
  type ResolvedConsumeOptions,
  type ResolvedPublishOptions,
  type SetAsideRecord,
  type Settlement,
  Transport,
  type TransportCapabilities,
} from '@pool/transport';
import type { ChannelModel, ConsumeMessage } from 'amqplib';
import { AdminChannel } from './admin-channel.js';
import { AmqpConsumer, type ConsumerPort } from './amqp-consumer.js';
import type { AmqpTransportOptions } from './amqp-options.js';
import { fromAmqp, toAmqp } from './amqp-properties.js';
import { majorVersion, openConnection } from './connection.js';
import { declarationError, queueOptions } from './declarations.js';
import { DelayedDelivery } from './delayed-delivery.js';
import { Publisher } from './publisher.js';

/** How often a message was delivered before it was given back for later, which the broker sees as a new message. */
const COUNT_HEADER = 'x-pool-delivery-count';

/** One connection, with what works on it. */
interface Link {
  readonly connection: ChannelModel;
  readonly admin: AdminChannel;
  readonly publisher: Publisher;
  readonly delayed: DelayedDelivery;
}

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
    deliveryCount: false,
    deadLetterExchange: true,
    multiProcess: true,
    persistent: true,
    ordered: true,
  };
  readonly #options: AmqpTransportOptions;
  readonly #consumers = new Set<AmqpConsumer>();
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
    const connection = await openConnection(url, this.#options, signal);
    let failure: Error | undefined;
    connection.on('error', (error: Error) => {
      failure = error;
    });
    connection.on('close', (error?: Error) => {
      if (this.#link?.connection !== connection) return;
      const cause = failure ?? error;
      const why = cause === undefined ? '' : `: ${cause.message}`;
      this.connectionLost(new ConnectionError(`the connection to ${url} was lost${why}`, { cause }));
    });
    connection.on('blocked', (reason: string) => this.emit('blocked', reason));
    connection.on('unblocked', () => this.emit('unblocked'));
    const admin = new AdminChannel(connection);
    const delayed = new DelayedDelivery(admin, this.#options.delayQueueType ?? 'quorum');
    const publisher = new Publisher(connection, admin, () => {
      this.stats.unroutable += 1;
    });
    this.#link = { connection, admin, publisher, delayed };
  }

  protected override async onDisconnect(): Promise<void> {
    const connection = this.#link?.connection;
    this.#link = undefined;
    await connection?.close().catch(() => {});
  }

  protected override async onReconnect(): Promise<void> {
    for (const consumer of this.consumers) await (consumer as AmqpConsumer).start();
  }

  protected override async onClose(): Promise<void> {
    await Promise.all([...this.#consumers].map((consumer) => consumer.close()));
    this.#consumers.clear();
    await this.onDisconnect();
  }

  protected override async onDeclareExchange(declaration: Required<ExchangeDeclaration>): Promise<void> {
    const { name, type, durable, autoDelete } = declaration;
    await this.#declare(`exchange ${name}`, { type, durable, autoDelete }, async () => {
      await this.#open.admin.run((channel) =>
        channel.assertExchange(name, type, { durable, autoDelete, arguments: declaration.arguments }),
      );
    });
  }

  protected override async onDeleteExchange(name: string): Promise<void> {
    await this.#open.admin.run((channel) => channel.deleteExchange(name));
  }

  protected override onDeclareQueue(declaration: QueueDeclaration): Promise<QueueStatus> {
    const options = queueOptions(declaration, this.#options.defaultQueueType);
    return this.#declare(`queue ${declaration.name}`, options, async () => {
      const { queue, messageCount, consumerCount } = await this.#open.admin.run((channel) =>
        channel.assertQueue(declaration.name, options),
      );
      return { name: queue, messageCount, consumerCount };
    });
  }

  protected override async onDeleteQueue(name: string): Promise<number> {
    return (await this.#open.admin.run((channel) => channel.deleteQueue(name))).messageCount;
  }

  protected override async onBindQueue({
    queue,
    exchange,
    routingKey,
    ...binding
  }: Required<Binding>): Promise<void> {
    await this.#declare(`queue ${queue} or exchange ${exchange}`, { routingKey }, async () => {
      await this.#open.admin.run((channel) =>
        channel.bindQueue(queue, exchange, routingKey, binding.arguments),
      );
    });
  }

  protected override async onUnbindQueue({
    queue,
    exchange,
    routingKey,
    ...binding
  }: Required<Binding>): Promise<void> {
    await this.#open.admin.run((channel) =>
      channel.unbindQueue(queue, exchange, routingKey, binding.arguments),
    );
  }

  protected override async onPurgeQueue(name: string): Promise<number> {
    return (await this.#open.admin.run((channel) => channel.purgeQueue(name))).messageCount;
  }

  protected override onQueueStatus(name: string): Promise<QueueStatus> {
    return this.#declare(`queue ${name}`, {}, async () => {
      const { messageCount, consumerCount } = await this.#open.admin.run((channel) =>
        channel.checkQueue(name),
      );
      return { name, messageCount, consumerCount };
    });
  }

  async #declare<T>(what: string, wanted: unknown, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw declarationError(what, wanted, error);
    }
  }

  protected override async onPublish(message: Message, options: ResolvedPublishOptions): Promise<void> {
    const { publisher, delayed } = this.#open;
    const { exchange, routingKey, delay } = options;
    const properties = toAmqp(message, options);
    if (delay > 0) {
      if (exchange !== '') this.require('delayedDelivery');
      const ladder = await delayed.route(routingKey, delay);
      await publisher.publish(ladder.exchange, ladder.routingKey, message.body, properties);
    } else await publisher.publish(exchange, routingKey, message.body, properties);
    this.stats.published += 1;
  }

  protected override async onConsume(options: ResolvedConsumeOptions): Promise<Consumer> {
    const consumer = new AmqpConsumer(this.#port, options);
    this.#consumers.add(consumer);
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
    onCancelled: (consumer, queue) => this.emit('consumerCancelled', consumer, queue),
    onLost: (error) => this.connectionLost(error),
    ended: (consumer) => this.forgetConsumer(consumer),
  };

  #channelWide(queues: readonly string[]): boolean {
    const { channelWidePrefetch, defaultQueueType } = this.#options;
    if (channelWidePrefetch !== undefined) return channelWidePrefetch;
    if (majorVersion(this.#open.connection) >= 4) return false;
    return !queues.some((queue) => {
      const declared = this.declaredQueue(queue);
      const type = declared?.queueType ?? declared?.arguments?.['x-queue-type'] ?? defaultQueueType;
      return type === 'quorum';
    });
  }

  #deliver(message: ConsumeMessage, queue: string, consumer: AmqpConsumer): Delivery {
    const { fields, properties, content } = message;
    this.stats.delivered += 1;
    const decoded = fromAmqp(content, properties);
    const count = decoded.headers[COUNT_HEADER] ?? decoded.headers['x-delivery-count'];
    return this.createDelivery({
      message: decoded,
      tag: fields.deliveryTag,
      queue,
      exchange: fields.exchange,
      routingKey: fields.routingKey,
      redelivered: fields.redelivered || decoded.headers['redelivered'] === true,
      deliveryCount: typeof count === 'number' ? count : undefined,
      epoch: this.epoch,
      consumerTag: consumer.tag,
      noAck: consumer.noAck,
      handle: consumer,
    });
  }

  protected override onSettle(
    delivery: Delivery,
    settlement: 'acked' | 'rejected' | 'requeued',
    delay: number,
  ): Settlement {
    if (delivery.epoch !== this.epoch || this.#link === undefined) return 'stale';
    const consumer = delivery.handle as AmqpConsumer;
    if (settlement === 'requeued' && delay > 0) {
      void this.#requeueLater(delivery, consumer, delay);
      return settlement;
    }
    return consumer.settle(delivery, settlement) ? settlement : 'stale';
  }

  /** The copy that waits is the broker's before the original is gone. */
  async #requeueLater(delivery: Delivery, consumer: AmqpConsumer, delay: number): Promise<void> {
    try {
      const headers = {
        ...delivery.message.headers,
        redelivered: true,
        [COUNT_HEADER]: (delivery.deliveryCount ?? 0) + 1,
      };
      await this.publish({ ...delivery.message, headers }, { routingKey: delivery.queue, delay });
      consumer.settle(delivery, 'acked');
    } catch {
      consumer.settle(delivery, 'requeued');
    }
  }

  protected override async onSetAside(delivery: Delivery, reason: string): Promise<SetAsideRecord> {
    const { queue, tag, message } = delivery;
    const place = `${queue}.rejected`;
    const maxLength = this.#options.maxSetAside ?? 10_000;
    await this.onDeclareQueue({
      name: place,
      queueType: 'classic',
      arguments: { 'x-max-length': maxLength },
    });
    const headers = { ...message.headers, ...asideHeaders(queue, reason) };
    await this.publish({ ...message, headers }, { routingKey: place, priority: 0 });
    delivery.ack();
    return { queue, reason, place, tag };
  }

  protected override async onFlush(): Promise<void> {
    await this.#link?.publisher.settled();
    await Promise.all([...this.#consumers].map((consumer) => consumer.flush().catch(() => {})));
  }
}
