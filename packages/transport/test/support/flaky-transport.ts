import {
  type AsideItem,
  type BrokerUrl,
  type Delivery,
  type Message,
  type QueuedMessage,
  type SettlementBatch,
  type StoredBinding,
  type TakenMessage,
  type TakeRequest,
  type TransportCapabilities,
  VirtualTransport,
} from '@pool/transport';

/** A broker that can be taken away. It survives, as a server that is restarted does. */
export class FlakyBroker {
  up = true;
  /** Attempts to connect, by URL. */
  readonly attempts: string[] = [];
  readonly declared: string[] = [];
  readonly waiting: Map<string, Message[]> = new Map();
  readonly settled: string[] = [];
  puts = 0;
  settlements = 0;
  renewals = 0;
  /** Messages of the dead that the next round of restoring finds. */
  lost = 0;
  readonly transports: Set<FlakyTransport> = new Set();

  takeAway(): void {
    this.up = false;
    for (const transport of this.transports) transport.lose(new Error('the line went dead'));
  }
}

const textOf = ({ body }: Message): string => Buffer.from(body).toString();

/** A transport to a flaky broker, without topics and without delays. */
export class FlakyTransport extends VirtualTransport<Message> {
  readonly capabilities: TransportCapabilities = {
    fanout: true,
    topic: false,
    remoteControl: true,
    priorities: false,
    delayedDelivery: false,
    messageTtl: false,
    queueExpiry: false,
    livePrefetch: true,
    deliveryCount: false,
    deadLetterExchange: false,
    multiProcess: true,
    persistent: true,
    ordered: true,
  };
  /** What the next settlement finds the broker to have taken back. */
  takenBack: Set<string> = new Set();
  failNextTake: Error | undefined;
  failNextPutAside: Error | undefined;
  lease: number | undefined;
  restoreEvery: number | undefined;
  broker: FlakyBroker = new FlakyBroker();

  override get leaseSeconds(): number | undefined {
    return this.lease;
  }

  override get restoreSeconds(): number | undefined {
    return this.restoreEvery;
  }

  lose(error: Error): void {
    this.connectionLost(error);
  }

  loseLease(deliveries: Iterable<Delivery>): void {
    this.leaseLost(deliveries);
  }

  protected async onOpen(url: BrokerUrl): Promise<void> {
    this.broker.attempts.push(url.host);
    this.#check();
    this.broker.transports.add(this);
  }

  protected async onShutdown(): Promise<void> {
    this.broker.transports.delete(this);
  }

  protected encode(message: Message): Message {
    if (message.contentType === 'unstorable') throw new TypeError('cannot be stored');
    return message;
  }

  protected async onPut(messages: readonly QueuedMessage<Message>[]): Promise<void> {
    this.#check();
    this.broker.puts += 1;
    for (const { queue, payload } of messages) this.#queue(queue).push(payload);
    for (const transport of this.broker.transports) transport.wake();
  }

  protected async onTake(request: TakeRequest): Promise<TakenMessage[]> {
    const failure = this.failNextTake;
    this.failNextTake = undefined;
    if (failure !== undefined) throw failure;
    this.#check();
    const queue = request.queues[0] as string;
    return this.#queue(queue)
      .splice(0, request.max)
      .map((message) => ({
        queue,
        tag: textOf(message),
        message: message.contentType === 'broken' ? new Error('not a message') : message,
        exchange: '',
        routingKey: queue,
        redelivered: false,
        deliveryCount: undefined,
        handle: message,
      }));
  }

  protected async onSettleBatch(batch: SettlementBatch): Promise<Delivery[]> {
    this.#check();
    this.broker.settlements += 1;
    for (const how of ['acked', 'rejected', 'requeued', 'released'] as const) {
      for (const delivery of batch[how]) this.broker.settled.push(`${how} ${delivery.tag}`);
    }
    return batch.acked.filter(({ tag }) => this.takenBack.has(String(tag)));
  }

  protected override async onRenew(held: ReadonlySet<Delivery>): Promise<void> {
    if (held.size > 0) this.broker.renewals += 1;
  }

  protected override async onRestore(): Promise<number> {
    const { lost } = this.broker;
    this.broker.lost = 0;
    return lost;
  }

  protected async onPutAside(item: AsideItem): Promise<string> {
    const failure = this.failNextPutAside;
    this.failNextPutAside = undefined;
    if (failure !== undefined) throw failure;
    this.broker.settled.push(`aside ${item.tag}`);
    return 'aside';
  }

  protected override async onDeclareExchange({ name }: { name: string }): Promise<void> {
    this.broker.declared.push(`exchange ${name}`);
  }

  protected override async onCreateQueue({ name }: { name: string }): Promise<void> {
    this.#check();
    this.broker.declared.push(`queue ${name}`);
  }

  protected async onBindQueue({ queue, exchange }: { queue: string; exchange: string }): Promise<void> {
    this.broker.declared.push(`binding ${exchange} ${queue}`);
  }

  protected async onDeleteExchange(): Promise<void> {}
  protected async onDeleteQueue(): Promise<number> {
    return 0;
  }
  protected async onUnbindQueue(): Promise<void> {}
  protected async onBindings(): Promise<StoredBinding[]> {
    return [];
  }
  protected async onPurgeQueue(): Promise<number> {
    return 0;
  }
  protected async onQueueSize(queue: string): Promise<number> {
    this.#check();
    return this.#queue(queue).length;
  }

  #check(): void {
    if (!this.broker.up) throw new Error('nobody answers');
  }

  #queue(name: string): Message[] {
    const queue = this.broker.waiting.get(name) ?? [];
    this.broker.waiting.set(name, queue);
    return queue;
  }
}
