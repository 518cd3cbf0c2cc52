import {
  type AsideItem,
  type Binding,
  type Delivery,
  type ExchangeDeclaration,
  type ExchangeType,
  type Message,
  type QueuedMessage,
  type SettlementBatch,
  type StoredBinding,
  type TakenMessage,
  type TakeRequest,
  type TransportCapabilities,
  VirtualTransport,
} from '@pool/transport';

/** A message in a tiny broker. */
export interface TinyMessage {
  message: Message;
  exchange: string;
  routingKey: string;
  priority: number;
  expiresAt: number;
  deliveryCount: number;
}

/** All there is of a tiny broker; transports of one URL share it. */
export class TinyBroker {
  readonly queues: Map<string, TinyMessage[]> = new Map();
  readonly bindings: Map<string, StoredBinding[]> = new Map();
  readonly exchanges: Map<string, ExchangeType> = new Map();
  readonly listeners: Set<() => void> = new Set();

  queue(name: string): TinyMessage[] {
    const queue = this.queues.get(name) ?? [];
    this.queues.set(name, queue);
    return queue;
  }

  tell(): void {
    for (const listener of this.listeners) listener();
  }
}

const brokers = new Map<string, TinyBroker>();

/** The smallest transport that passes the suite; tests break it in one place at a time. */
export class TinyTransport extends VirtualTransport<Message> {
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
    persistent: true,
    ordered: true,
  };
  protected broker: TinyBroker = new TinyBroker();
  readonly #listener = (): void => this.wake();
  readonly #timers = new Set<NodeJS.Timeout>();

  protected async onOpen(): Promise<void> {
    const name = this.url.path;
    this.broker = brokers.get(name) ?? new TinyBroker();
    brokers.set(name, this.broker);
    this.broker.listeners.add(this.#listener);
  }

  protected async onShutdown(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    this.broker.listeners.delete(this.#listener);
  }

  protected encode(message: Message): Message {
    return structuredClone(message);
  }

  protected async onPut(messages: readonly QueuedMessage<Message>[]): Promise<void> {
    for (const { queue, payload, exchange, routingKey, priority, expiration, delay } of messages) {
      const ttl = Math.min(expiration ?? Infinity, this.declaredQueue(queue)?.messageTtl ?? Infinity);
      const expiresAt = performance.now() + ttl * 1000;
      const message = { message: payload, exchange, routingKey, priority, expiresAt, deliveryCount: 0 };
      this.later(delay, () => this.broker.queue(queue).push(message));
    }
  }

  protected async onTake(request: TakeRequest): Promise<TakenMessage[]> {
    const taken: TakenMessage[] = [];
    for (const queue of request.queues) {
      const waiting = this.broker.queue(queue).filter(({ expiresAt }) => expiresAt > performance.now());
      waiting.sort((a, b) => b.priority - a.priority);
      for (const handle of waiting.splice(0, request.max - taken.length)) {
        const { message, exchange, routingKey, deliveryCount } = handle;
        const redelivered = deliveryCount > 0;
        taken.push({ queue, tag: 1, message, exchange, routingKey, redelivered, deliveryCount, handle });
      }
      this.broker.queues.set(queue, waiting);
    }
    return taken;
  }

  protected async onSettleBatch(batch: SettlementBatch): Promise<Delivery[]> {
    for (const delivery of batch.released) this.putBack(delivery, 0, 0);
    for (const delivery of batch.requeued) this.putBack(delivery, 1, batch.delays.get(delivery) ?? 0);
    return [];
  }

  protected putBack({ queue, handle }: Delivery, times: number, delay: number): void {
    const message = handle as TinyMessage;
    message.deliveryCount += times;
    this.later(delay, () => this.broker.queue(queue).unshift(message));
  }

  protected later(seconds: number, work: () => void): void {
    const finish = (): void => {
      work();
      this.broker.tell();
    };
    if (seconds === 0) finish();
    else this.#timers.add(setTimeout(finish, seconds * 1000));
  }

  protected async onPutAside(item: AsideItem, _reason: string): Promise<string> {
    return `${item.queue}.rejected`;
  }

  protected override async onDeclareExchange({ name, type }: Required<ExchangeDeclaration>): Promise<void> {
    this.broker.exchanges.set(name, type);
  }

  protected override async onExchangeType(name: string): Promise<ExchangeType | undefined> {
    return this.broker.exchanges.get(name);
  }

  protected async onDeleteExchange(name: string): Promise<void> {
    this.broker.exchanges.delete(name);
  }

  protected async onDeleteQueue(name: string): Promise<number> {
    for (const [exchange, bindings] of this.broker.bindings) {
      this.broker.bindings.set(
        exchange,
        bindings.filter(({ queue }) => queue !== name),
      );
    }
    return this.onPurgeQueue(name);
  }

  protected async onBindQueue({ exchange, queue, routingKey }: Required<Binding>): Promise<void> {
    this.broker.bindings.set(exchange, [...(await this.onBindings(exchange)), { queue, routingKey }]);
  }

  protected async onUnbindQueue({ exchange, queue, routingKey }: Required<Binding>): Promise<void> {
    const kept = (await this.onBindings(exchange)).filter(
      (binding) => binding.queue !== queue || binding.routingKey !== routingKey,
    );
    this.broker.bindings.set(exchange, kept);
  }

  protected async onBindings(exchange: string): Promise<StoredBinding[]> {
    return this.broker.bindings.get(exchange) ?? [];
  }

  protected async onPurgeQueue(name: string): Promise<number> {
    const count = this.broker.queue(name).length;
    this.broker.queues.delete(name);
    return count;
  }

  protected async onQueueSize(name: string): Promise<number> {
    return this.broker.queue(name).length;
  }
}
