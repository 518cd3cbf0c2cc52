import { randomUUID } from 'node:crypto';
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  ListQueuesCommand,
  PurgeQueueCommand,
  SendMessageBatchCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { encodeEnvelope, type Message } from '@pool/message';
import {
  type AsideItem,
  asideMessage,
  type Binding,
  type BrokerUrl,
  ConnectionError,
  type Delivery,
  PublishError,
  type QueueDeclaration,
  type QueuedMessage,
  type ResolvedPublishOptions,
  type SettlementBatch,
  type StoredBinding,
  type TakenMessage,
  type TakeRequest,
  type TransportCapabilities,
  VirtualTransport,
} from '@pool/transport';
import { decodeBody, encodeBody } from './body.js';
import { QueueUrls } from './queue-urls.js';
import { type Held, type Received, Receiver } from './receiver.js';
import { clientConfig, MAX_BYTES, SQS_BATCH, type SqsTransportOptions } from './sqs-options.js';

/** What a connection is: SQS has none, so this is what works until a request fails. */
interface Link {
  readonly client: SQSClient;
  readonly urls: QueueUrls;
  readonly receiver: Receiver;
}

/** Amazon SQS as a broker. It has queues only: no fanout, so no remote control and no events. */
export class SqsTransport extends VirtualTransport<string> {
  readonly capabilities: TransportCapabilities = {
    fanout: false,
    topic: false,
    remoteControl: false,
    priorities: false,
    delayedDelivery: false,
    messageTtl: false,
    queueExpiry: false,
    livePrefetch: true,
    deliveryCount: true,
    deadLetterExchange: false,
    multiProcess: true,
    persistent: true,
    ordered: false,
  };
  readonly #options: SqsTransportOptions;
  readonly #visibilityTimeout: number;
  readonly #bindings = new Map<string, StoredBinding[]>();
  #link: Link | undefined;

  constructor(urls: readonly BrokerUrl[], options: SqsTransportOptions = {}) {
    super(urls, options);
    this.#options = options;
    this.#visibilityTimeout = options.visibilityTimeout ?? 60;
  }

  protected override get leaseSeconds(): number {
    return this.#visibilityTimeout;
  }

  get #open(): Link {
    if (this.#link === undefined) throw new ConnectionError(`there is no connection to ${this.url}`);
    return this.#link;
  }

  protected override async onOpen(url: BrokerUrl, signal: AbortSignal): Promise<void> {
    const { queueNamePrefix = '', predefinedQueues, waitTime = 10 } = this.#options;
    const client = new SQSClient(clientConfig(url, this.#options));
    try {
      if (predefinedQueues === undefined) {
        await client.send(new ListQueuesCommand({ MaxResults: 1 }), { abortSignal: signal });
      }
    } catch (cause) {
      client.destroy();
      throw new ConnectionError(`cannot use ${url}: ${(cause as Error).message}`, { cause });
    }
    const urls = new QueueUrls(client, queueNamePrefix, predefinedQueues);
    const giveBack = (messages: readonly Held[]): void => void this.#show(messages).catch(() => {});
    const receiver = new Receiver(client, urls, this.#visibilityTimeout, waitTime, giveBack);
    this.#link = { client, urls, receiver };
  }

  protected override onDisconnect(): void {
    void super.onDisconnect();
    this.#link?.client.destroy();
    this.#link = undefined;
  }

  protected override async onShutdown(): Promise<void> {
    this.#link?.client.destroy();
    this.#link = undefined;
  }

  protected override encode(message: Message, options: ResolvedPublishOptions): string {
    const { exchange, routingKey } = options;
    const envelope = encodeEnvelope(message, { exchange, routingKey, deliveryTag: randomUUID() });
    return encodeBody(envelope, this.#options.base64 ?? true);
  }

  protected override async onPut(messages: readonly QueuedMessage<string>[]): Promise<void> {
    await Promise.all([...groupByQueue(messages)].map(([queue, group]) => this.#send(queue, group)));
  }

  async #send(queue: string, messages: readonly QueuedMessage<string>[]): Promise<void> {
    const { client, urls } = this.#open;
    const QueueUrl = await urls.create(queue, this.#visibilityTimeout);
    const fifo = QueueUrl.endsWith('.fifo');
    for (const batch of batches(messages)) {
      const Entries = batch.map(({ payload }, index) => ({
        Id: String(index),
        MessageBody: payload,
        ...(fifo ? { MessageGroupId: 'default', MessageDeduplicationId: randomUUID() } : {}),
      }));
      try {
        const { Failed = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
        if (Failed.length > 0) throw new Error(Failed[0]?.Message ?? 'it did not say why');
      } catch (cause) {
        throw new PublishError(`SQS did not take a message for ${queue}: ${(cause as Error).message}`, {
          cause,
        });
      }
    }
  }

  protected override async onTake(request: TakeRequest): Promise<TakenMessage[]> {
    const received = await this.#open.receiver.take(request.queues, request.max, request.signal);
    return received.map((item) => this.#taken(item));
  }

  #taken({ queue, message: sqs }: Received): TakenMessage {
    const tag = sqs.ReceiptHandle ?? '';
    const deliveryCount = Math.max(0, Number(sqs.Attributes?.['ApproximateReceiveCount'] ?? 1) - 1);
    const common = { queue, tag, redelivered: deliveryCount > 0, deliveryCount, handle: sqs.Body };
    try {
      const { message, deliveryInfo } = decodeBody(sqs.Body ?? '', this.limits);
      return {
        ...common,
        message,
        exchange: deliveryInfo.exchange,
        routingKey: deliveryInfo.routingKey || queue,
      };
    } catch (error) {
      const message = error instanceof Error ? error : new Error(String(error));
      return { ...common, message, exchange: '', routingKey: queue };
    }
  }

  protected override async onSettleBatch(batch: SettlementBatch): Promise<readonly Delivery[]> {
    const gone = await this.#delete([...batch.acked, ...batch.rejected]);
    const back = [...batch.requeued, ...batch.released];
    await this.#show(back.map(({ queue, tag }) => ({ queue, handle: String(tag) })));
    return gone;
  }

  /** Deletes messages; resolves to those that had become somebody else's. */
  async #delete(deliveries: readonly Delivery[]): Promise<Delivery[]> {
    const { client, urls } = this.#open;
    const gone: Delivery[] = [];
    for (const [queue, group] of groupByQueue(deliveries)) {
      const QueueUrl = await urls.get(queue);
      for (let i = 0; i < group.length; i += SQS_BATCH) {
        const chunk = group.slice(i, i + SQS_BATCH);
        const Entries = chunk.map(({ tag }, index) => ({ Id: String(index), ReceiptHandle: String(tag) }));
        const { Failed = [] } = await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
        gone.push(...Failed.map(({ Id }) => chunk[Number(Id)] as Delivery));
      }
    }
    return gone;
  }

  /** Makes messages visible again, at once. */
  async #show(messages: readonly Held[]): Promise<void> {
    await this.#changeVisibility(messages, 0);
  }

  async #changeVisibility(messages: readonly Held[], seconds: number): Promise<void> {
    const { client, urls } = this.#open;
    for (const [queue, group] of groupByQueue(messages)) {
      const QueueUrl = await urls.get(queue);
      for (let i = 0; i < group.length; i += SQS_BATCH) {
        const Entries = group.slice(i, i + SQS_BATCH).map(({ handle }, index) => ({
          Id: String(index),
          ReceiptHandle: handle,
          VisibilityTimeout: seconds,
        }));
        await client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries }));
      }
    }
  }

  protected override async onRenew(held: ReadonlySet<Delivery>): Promise<void> {
    const messages = [...held].map(({ queue, tag }) => ({ queue, handle: String(tag) }));
    await this.#changeVisibility(messages, Math.ceil(this.#visibilityTimeout));
  }

  protected override async onPutAside(item: AsideItem, reason: string): Promise<string> {
    const place = `${item.queue}-rejected`;
    const { client, urls } = this.#open;
    const message = asideMessage(item, reason, Buffer.from(String(item.handle)));
    const envelope = encodeEnvelope(message, { exchange: '', routingKey: place, deliveryTag: randomUUID() });
    const payload = encodeBody(envelope, this.#options.base64 ?? true);
    const rest = { exchange: '', routingKey: place, priority: 0, expiration: undefined, delay: 0 };
    await this.#send(place, [{ queue: place, payload, ...rest }]);
    if (item.held) {
      const QueueUrl = await urls.get(item.queue);
      await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: String(item.tag) }));
    }
    return place;
  }

  protected override async onCreateQueue(declaration: QueueDeclaration): Promise<void> {
    await this.#open.urls.create(declaration.name, this.#visibilityTimeout);
  }

  protected override async onEndQueue(queue: string): Promise<void> {
    await this.#show(this.#link?.receiver.end(queue) ?? []);
  }

  protected override async onQueueSize(queue: string): Promise<number> {
    const { client, urls } = this.#open;
    const command = new GetQueueAttributesCommand({
      QueueUrl: await urls.get(queue),
      AttributeNames: ['ApproximateNumberOfMessages'],
    });
    return Number((await client.send(command)).Attributes?.['ApproximateNumberOfMessages'] ?? 0);
  }

  protected override async onPurgeQueue(name: string): Promise<number> {
    const count = await this.onQueueSize(name);
    const { client, urls } = this.#open;
    await client.send(new PurgeQueueCommand({ QueueUrl: await urls.get(name) }));
    return count;
  }

  protected override async onDeleteQueue(name: string): Promise<number> {
    const count = await this.onQueueSize(name);
    const { client, urls } = this.#open;
    await client.send(new DeleteQueueCommand({ QueueUrl: await urls.get(name) }));
    urls.forget(name);
    for (const [exchange, bindings] of this.#bindings) {
      this.#bindings.set(
        exchange,
        bindings.filter(({ queue }) => queue !== name),
      );
    }
    return count;
  }

  /** SQS keeps no bindings: each process has those it made, as with kombu. */
  protected override async onBindings(exchange: string): Promise<readonly StoredBinding[]> {
    return this.#bindings.get(exchange) ?? [];
  }

  protected override async onBindQueue({ exchange, queue, routingKey }: Required<Binding>): Promise<void> {
    await this.onUnbindQueue({ exchange, queue, routingKey, arguments: {} });
    this.#bindings.set(exchange, [...(this.#bindings.get(exchange) ?? []), { queue, routingKey }]);
  }

  protected override async onUnbindQueue({ exchange, queue, routingKey }: Required<Binding>): Promise<void> {
    const bindings = this.#bindings.get(exchange) ?? [];
    this.#bindings.set(
      exchange,
      bindings.filter((known) => known.queue !== queue || known.routingKey !== routingKey),
    );
  }

  protected override async onDeleteExchange(name: string): Promise<void> {
    this.#bindings.delete(name);
  }
}

/** Parts that SQS takes in one request: ten messages, one MiB. A message above that goes alone, and is refused. */
function* batches(messages: readonly QueuedMessage<string>[]): Generator<QueuedMessage<string>[]> {
  let batch: QueuedMessage<string>[] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = Buffer.byteLength(message.payload);
    if (batch.length === SQS_BATCH || (batch.length > 0 && bytes + size > MAX_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(message);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

function groupByQueue<T extends { queue: string }>(items: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(item.queue);
    if (group === undefined) groups.set(item.queue, [item]);
    else group.push(item);
  }
  return groups;
}
