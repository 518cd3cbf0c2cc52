import { randomUUID } from 'node:crypto';
import { decodeEnvelope, encodeEnvelope } from '@pool/message';
import {
  type AsideItem,
  type Binding,
  type BrokerUrl,
  ConnectionError,
  type Delivery,
  type ExchangeDeclaration,
  type ExchangeType,
  type Message,
  PublishError,
  type QueueDeclaration,
  type QueuedMessage,
  type ResolvedPublishOptions,
  type SettlementBatch,
  type StoredBinding,
  type TakenMessage,
  type TakeRequest,
  type TransportCapabilities,
  topicRegExp,
  VirtualTransport,
  type VirtualTransportOptions,
} from '@pool/transport';
import { Disk } from './disk/disk.js';
import type { DiskFolders } from './disk/protocol.js';
import { type FilesystemTransportOptions, foldersOf } from './filesystem-options.js';
import {
  createMessageName,
  deliveryCountOf,
  encodeQueue,
  fitsFileName,
  publishedAtOf,
  queueOfName,
} from './message-name.js';
import { createClaimer } from './process-identity.js';

/**
 * A broker in a folder. Any number of processes share it; there is no server. A message is a file, claimed by one
 * rename, and what a process holds goes back as soon as another sees that it died.
 */
export class FilesystemTransport extends VirtualTransport<string> {
  readonly capabilities: TransportCapabilities = {
    fanout: true,
    topic: true,
    remoteControl: true,
    priorities: { levels: 10, urgent: 'high' },
    delayedDelivery: false,
    messageTtl: true,
    queueExpiry: true,
    livePrefetch: true,
    deliveryCount: true,
    deadLetterExchange: false,
    multiProcess: true,
    persistent: true,
    ordered: true,
  };
  readonly #options: FilesystemTransportOptions;
  readonly #folders: DiskFolders;
  readonly #claimer: string = createClaimer();
  readonly #encodedQueues = new Map<string, string>();
  #opened: Disk | undefined;

  /** @throws {InvalidBrokerUrlError} */
  constructor(
    url: BrokerUrl | string | readonly (BrokerUrl | string)[],
    options: FilesystemTransportOptions = {},
  ) {
    super(url, options satisfies VirtualTransportOptions);
    this.#options = options;
    this.#folders = foldersOf(this.url, options);
  }

  protected override get restoreSeconds(): number {
    return this.#options.restoreInterval ?? 1;
  }

  protected async onOpen(): Promise<void> {
    await this.#opened?.close().catch(() => {});
    const disk = new Disk(
      () => this.wake(),
      (error) => this.connectionLost(error),
    );
    this.#opened = disk;
    const {
      lease: leaseSeconds = 30,
      fsync = false,
      maxSetAside = 1000,
      maxSpareFiles: maxSpare = 10_000,
    } = this.#options;
    const settings = {
      folders: this.#folders,
      claimer: this.#claimer,
      leaseSeconds,
      fsync,
      maxSetAside,
      maxSpare,
    };
    try {
      await disk.run('open', settings);
    } catch (error) {
      this.#opened = undefined;
      await disk.close().catch(() => {});
      throw new ConnectionError(`cannot use the folder ${this.#folders.in}: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }

  protected async onShutdown(): Promise<void> {
    const disk = this.#opened;
    this.#opened = undefined;
    await disk?.close();
  }

  protected encode(message: Message, options: ResolvedPublishOptions): string {
    const { exchange, routingKey, priority, expiration } = options;
    const properties = { ...message.properties, priority };
    if (expiration !== undefined) properties.expiration = String(Math.round(expiration * 1000));
    return encodeEnvelope({ ...message, properties }, { exchange, routingKey, deliveryTag: randomUUID() });
  }

  protected async onPut(messages: readonly QueuedMessage<string>[]): Promise<void> {
    const names: string[] = [];
    const contents: string[] = [];
    for (const { queue, priority, payload } of messages) {
      names.push(createMessageName(this.#encoded(queue), priority));
      contents.push(payload);
    }
    try {
      await this.#disk.run('put', names, contents);
    } catch (error) {
      const why = (error as Error).message;
      throw new PublishError(`cannot write to ${this.#folders.out}: ${why}`, { cause: error });
    }
  }

  protected async onTake(request: TakeRequest): Promise<TakenMessage[]> {
    const queues = request.queues.map((queue) => this.#encoded(queue));
    for (;;) {
      const { names, sizes, contents } = await this.#disk.run('take', queues, request.max);
      const taken: TakenMessage[] = [];
      const expired: string[] = [];
      let offset = 0;
      for (const [i, name] of names.entries()) {
        const size = sizes[i] as number;
        const bytes = size < 0 ? undefined : Buffer.from(contents, offset, size);
        offset += Math.max(0, size);
        const item = this.#decode(name, bytes, request.queues, queues);
        if (this.#isExpired(item)) expired.push(name);
        else taken.push(item);
      }
      if (expired.length > 0) await this.#disk.run('settle', expired, [], []);
      if (taken.length > 0 || expired.length === 0) return taken;
    }
  }

  protected async onSettleBatch(batch: SettlementBatch): Promise<readonly Delivery[]> {
    const gone = [...batch.acked, ...batch.rejected];
    const { requeued, released } = batch;
    const stale = await this.#disk.run('settle', gone.map(tagOf), requeued.map(tagOf), released.map(tagOf));
    if (stale.length === 0) return [];
    const names = new Set(stale);
    return [...gone, ...requeued, ...released].filter((delivery) => names.has(tagOf(delivery)));
  }

  protected override onArm(): Promise<boolean> {
    return this.#disk.run('arm');
  }

  protected override onRestore(): Promise<number> {
    return this.#disk.run('restore');
  }

  protected override async onEndQueue(queue: string): Promise<void> {
    if (this.state === 'connected') await this.#disk.run('endQueue', this.#encoded(queue));
  }

  protected async onPutAside(item: AsideItem, reason: string): Promise<string> {
    const { message, exchange, routingKey, queue } = item;
    let name = String(item.tag);
    let content: string | undefined;
    if (!item.held && message !== undefined) {
      name = createMessageName(this.#encoded(queue), message.properties.priority ?? 0);
      content = encodeEnvelope(message, { exchange, routingKey, deliveryTag: randomUUID() });
    }
    await this.#disk.run('putAside', name, reason, content);
    return this.#folders.rejected;
  }

  protected override async onDeclareExchange(declaration: Required<ExchangeDeclaration>): Promise<void> {
    await this.#disk.run('declareExchange', encodeQueue(declaration.name), declaration.type);
  }

  protected override async onExchangeType(exchange: string): Promise<ExchangeType | undefined> {
    const type = await this.#disk.run('exchangeType', encodeQueue(exchange));
    return type === 'direct' || type === 'topic' || type === 'fanout' ? type : undefined;
  }

  protected async onDeleteExchange(name: string): Promise<void> {
    await this.#disk.run('deleteExchange', encodeQueue(name));
  }

  protected override async onCreateQueue(declaration: QueueDeclaration): Promise<void> {
    const { name, exclusive, autoDelete, expires } = declaration;
    if (!fitsFileName(name)) throw new TypeError(`the name of the queue ${name} is too long for a file name`);
    if (exclusive !== true && autoDelete !== true && expires === undefined) return;
    await this.#disk.run('ownQueue', { queue: name, expires: expires ?? 0 });
  }

  protected onDeleteQueue(name: string): Promise<number> {
    return this.#disk.run('deleteQueue', name);
  }

  protected async onBindQueue(binding: Required<Binding>): Promise<void> {
    const { exchange, queue, routingKey } = binding;
    const pattern = this.declaredExchange(exchange)?.type === 'topic' ? topicRegExp(routingKey) : '';
    await this.#disk.run('bind', encodeQueue(exchange), queue, routingKey, pattern);
  }

  protected async onUnbindQueue(binding: Required<Binding>): Promise<void> {
    await this.#disk.run('unbind', encodeQueue(binding.exchange), binding.queue, binding.routingKey);
  }

  protected async onBindings(exchange: string): Promise<readonly StoredBinding[]> {
    const rows = await this.#disk.run('bindings', encodeQueue(exchange));
    return rows.map(([routingKey, queue]) => ({ routingKey, queue }));
  }

  protected onPurgeQueue(name: string): Promise<number> {
    return this.#disk.run('purge', this.#encoded(name));
  }

  protected onQueueSize(queue: string): Promise<number> {
    return this.#disk.run('size', this.#encoded(queue));
  }

  get #disk(): Disk {
    if (this.#opened === undefined) throw new ConnectionError(`the folder ${this.#folders.in} is not open`);
    return this.#opened;
  }

  #encoded(queue: string): string {
    let encoded = this.#encodedQueues.get(queue);
    if (encoded === undefined) {
      encoded = encodeQueue(queue);
      // Reply queues come and go: this is a cache, not a register.
      if (this.#encodedQueues.size >= 1000) this.#encodedQueues.clear();
      this.#encodedQueues.set(queue, encoded);
    }
    return encoded;
  }

  #decode(
    name: string,
    bytes: Buffer | undefined,
    queues: readonly string[],
    encoded: readonly string[],
  ): TakenMessage {
    const queue = queues[encoded.indexOf(queueOfName(name) ?? '')] ?? '';
    const deliveryCount = deliveryCountOf(name);
    const common = { queue, tag: name, deliveryCount };
    try {
      if (bytes === undefined) throw new Error('the file cannot be read');
      const { message, deliveryInfo } = decodeEnvelope(bytes, this.limits);
      const { exchange, routingKey } = deliveryInfo;
      const redelivered = deliveryCount > 0 || deliveryInfo.redelivered;
      return { ...common, message, exchange, routingKey, redelivered };
    } catch (error) {
      const redelivered = deliveryCount > 0;
      return { ...common, message: error as Error, exchange: '', routingKey: queue, redelivered };
    }
  }

  #isExpired(item: TakenMessage): boolean {
    if (item.message instanceof Error) return false;
    const ttl = this.declaredQueue(item.queue)?.messageTtl;
    const { expiration } = item.message.properties;
    if (ttl === undefined && expiration === undefined) return false;
    const publishedAt = publishedAtOf(String(item.tag));
    if (publishedAt === undefined) return false;
    const lifetime = Math.min(
      Number(expiration ?? Number.POSITIVE_INFINITY),
      (ttl ?? Number.POSITIVE_INFINITY) * 1000,
    );
    return Date.now() - publishedAt > lifetime;
  }
}

function tagOf(delivery: Delivery): string {
  return delivery.tag as string;
}
