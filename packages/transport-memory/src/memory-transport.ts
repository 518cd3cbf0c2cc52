import { randomUUID } from 'node:crypto';
import {
  type AsideItem,
  type Binding,
  type BrokerUrl,
  type ExchangeDeclaration,
  type ExchangeType,
  type Message,
  type QueueDeclaration,
  type QueuedMessage,
  type SettlementBatch,
  type StoredBinding,
  type TakenMessage,
  type TakeRequest,
  type TransportCapabilities,
  VirtualTransport,
  type VirtualTransportOptions,
} from '@pool/transport';
import { MemoryBroker } from './memory-broker.js';
import type { StoredMessage } from './message-queue.js';
import { releaseBroker, sharedBroker } from './shared-brokers.js';

/** Options of the memory transport. */
export interface MemoryTransportOptions extends VirtualTransportOptions {
  /** The most messages kept in a `<queue>.rejected` queue; the oldest go first. @default 1000 */
  maxSetAside?: number;
}

/**
 * A broker in the memory of this process, for tests and for programs of one process. Transports with the same URL
 * share it: `memory://` is one broker, `memory://name` another. What waits is gone when the process ends.
 */
export class MemoryTransport extends VirtualTransport<Message> {
  readonly capabilities: TransportCapabilities = {
    fanout: true,
    topic: true,
    remoteControl: true,
    priorities: { levels: 10, urgent: 'high' },
    delayedDelivery: true,
    messageTtl: true,
    queueExpiry: false,
    livePrefetch: true,
    deliveryCount: true,
    deadLetterExchange: false,
    multiProcess: false,
    persistent: false,
    ordered: true,
  };
  readonly #maxSetAside: number;
  readonly #wake = (queue: string): void => this.wake(queue);
  #broker: MemoryBroker = new MemoryBroker();

  constructor(
    url: BrokerUrl | string | readonly (BrokerUrl | string)[],
    options: MemoryTransportOptions = {},
  ) {
    super(url, options);
    this.#maxSetAside = options.maxSetAside ?? 1000;
  }

  protected async onOpen(url: BrokerUrl): Promise<void> {
    this.#broker = sharedBroker(url.path);
    this.#broker.attach(this.#wake);
  }

  protected async onShutdown(): Promise<void> {
    this.#broker.detach(this.#wake);
    releaseBroker(this.url.path);
  }

  /** The publisher keeps its objects; the broker needs its own. */
  protected encode(message: Message): Message {
    return {
      ...message,
      body: new Uint8Array(message.body),
      headers: { ...message.headers },
      properties: { ...message.properties },
    };
  }

  protected async onPut(messages: readonly QueuedMessage<Message>[]): Promise<void> {
    const now = performance.now();
    for (const { queue, payload, exchange, routingKey, priority, expiration, delay } of messages) {
      const expiresAt = expiration === undefined ? Number.POSITIVE_INFINITY : now + expiration * 1000;
      const item = { message: payload, queue, exchange, routingKey, priority, deliveryCount: 0, expiresAt };
      this.#broker.put(item, delay);
    }
  }

  protected async onTake(request: TakeRequest): Promise<TakenMessage[]> {
    return this.#broker.take(request.queues, request.max).map((item) => ({
      queue: item.queue,
      tag: randomUUID(),
      message: item.message,
      exchange: item.exchange,
      routingKey: item.routingKey,
      redelivered: item.deliveryCount > 0,
      deliveryCount: item.deliveryCount,
      handle: item,
    }));
  }

  protected async onSettleBatch(batch: SettlementBatch): Promise<[]> {
    this.#broker.putBack(batch.released.map((delivery) => delivery.handle as StoredMessage));
    const atOnce: StoredMessage[] = [];
    for (const delivery of batch.requeued) {
      const item = delivery.handle as StoredMessage;
      item.deliveryCount += 1;
      const delay = batch.delays.get(delivery);
      if (delay === undefined) atOnce.push(item);
      else this.#broker.putBack([item], delay);
    }
    this.#broker.putBack(atOnce);
    return [];
  }

  protected async onPutAside(item: AsideItem, reason: string): Promise<string> {
    const queue = `${item.queue}.rejected`;
    const message = item.message as Message;
    const headers = { ...message.headers, 'x-rejected-reason': reason, 'x-rejected-queue': item.queue };
    if (this.#broker.size(queue) >= this.#maxSetAside) this.#broker.take([queue], 1);
    this.#broker.put(
      {
        message: { ...message, headers },
        queue,
        exchange: item.exchange,
        routingKey: item.routingKey,
        priority: 0,
        deliveryCount: 0,
        expiresAt: Number.POSITIVE_INFINITY,
      },
      0,
    );
    return queue;
  }

  protected override async onDeclareExchange(declaration: Required<ExchangeDeclaration>): Promise<void> {
    this.#broker.exchanges.set(declaration.name, declaration.type);
  }

  protected override async onExchangeType(exchange: string): Promise<ExchangeType | undefined> {
    return this.#broker.exchanges.get(exchange);
  }

  protected async onDeleteExchange(name: string): Promise<void> {
    this.#broker.deleteExchange(name);
  }

  protected override onCreateQueue(declaration: QueueDeclaration): void {
    this.#broker.declareQueue(declaration);
  }

  protected async onDeleteQueue(name: string): Promise<number> {
    return this.#broker.deleteQueue(name);
  }

  protected async onBindQueue(binding: Required<Binding>): Promise<void> {
    this.#broker.bind(binding.exchange, { queue: binding.queue, routingKey: binding.routingKey });
  }

  protected async onUnbindQueue(binding: Required<Binding>): Promise<void> {
    this.#broker.unbind(binding.exchange, { queue: binding.queue, routingKey: binding.routingKey });
  }

  protected async onBindings(exchange: string): Promise<readonly StoredBinding[]> {
    return this.#broker.bindings(exchange);
  }

  protected async onPurgeQueue(name: string): Promise<number> {
    return this.#broker.purge(name);
  }

  protected async onQueueSize(queue: string): Promise<number> {
    return this.#broker.size(queue);
  }
}
