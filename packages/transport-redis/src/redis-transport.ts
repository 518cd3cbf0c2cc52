import { randomUUID } from 'node:crypto';
import { encodeEnvelope, type Message } from '@pool/message';
import { plainError } from '@pool/redis';
import {
  type AsideItem,
  asideMessage,
  type Binding,
  type BroadcastMessage,
  type BrokerUrl,
  ConnectionError,
  type Delivery,
  type ExchangeDeclaration,
  longestWait,
  type QueuedMessage,
  type ResolvedPublishOptions,
  type SettlementBatch,
  type StoredBinding,
  type TakenMessage,
  type TakeRequest,
  type TransportCapabilities,
  VirtualTransport,
} from '@pool/transport';
import { Broadcasts } from './broadcasts.js';
import { Holder } from './holders.js';
import { encodeForList } from './publisher.js';
import { RedisConnection } from './redis-connection.js';
import {
  type RedisTransportOptions,
  type ResolvedRedisOptions,
  resolveRedisOptions,
} from './redis-options.js';
import { Restorer } from './restorer.js';
import { connectionError, isOutOfMemory, reasonOf } from './server-errors.js';
import { decodeTaken } from './taken-message.js';
import { CHUNK, isHeld, type Recalled } from './unacked.js';

/** How often one of ours says that it is alive, in thirds of this many seconds. */
const HEARTBEAT = 9;

/** Redis as a broker, in kombu's layout. */
export class RedisTransport extends VirtualTransport<string> {
  readonly capabilities: TransportCapabilities;
  readonly #options: ResolvedRedisOptions;
  readonly #holder = new Holder();
  readonly #broadcasts: Broadcasts;
  #connection: RedisConnection | undefined;
  #restorer: Restorer | undefined;
  #recalled: Recalled | undefined;
  #outOfMemory = false;
  readonly #longestWait: number;
  /** When the connection was lost, in seconds since the epoch. */
  #lostAt: number | undefined;

  constructor(urls: readonly BrokerUrl[], options: RedisTransportOptions = {}) {
    super(urls, {
      pollInterval: 5,
      ...options,
      maxBatch: Math.min(options.maxBatch ?? CHUNK, CHUNK),
    });
    this.#options = resolveRedisOptions(options);
    this.#longestWait = longestWait(options.reconnect);
    this.#broadcasts = new Broadcasts(this.#options.maxBroadcasts, this.limits);
    this.capabilities = {
      fanout: true,
      topic: true,
      remoteControl: true,
      priorities: { levels: this.#options.prioritySteps.length, urgent: 'low' },
      delayedDelivery: false,
      messageTtl: false,
      queueExpiry: false,
      livePrefetch: true,
      deliveryCount: true,
      deadLetterExchange: false,
      multiProcess: true,
      persistent: true,
      ordered: true,
    };
  }

  protected override get leaseSeconds(): number {
    return Math.min(HEARTBEAT, this.#options.goneAfter, this.#options.visibilityTimeout);
  }

  protected override get restoreSeconds(): number {
    return this.#options.unackedRestoreInterval;
  }

  get #open(): RedisConnection {
    if (this.#connection === undefined) throw new ConnectionError(`there is no connection to ${this.url}`);
    return this.#connection;
  }

  protected override async onOpen(url: BrokerUrl, signal: AbortSignal): Promise<void> {
    const [connection, recalled] = await RedisConnection.open(
      url,
      this.urls,
      this.#options,
      this.#holder,
      { onLost: (error) => this.connectionLost(error), onWake: () => this.wake() },
      signal,
    );
    this.#connection = connection;
    this.#recalled = recalled;
    const { client, keys, unacked, listener } = connection;
    const { limits } = this;
    const { visibilityTimeout, goneAfter } = this.#options;
    const bindingsOf = (exchange: string) => this.onBindings(exchange);
    const self = this.#holder.id;
    this.#restorer = new Restorer(client, keys, unacked, {
      visibilityTimeout,
      goneAfter,
      since: this.#othersBackAt(),
      limits,
      self,
      bindingsOf,
    });
    try {
      await this.#broadcasts.attach(listener, keys, (queue) => this.wake(queue));
    } catch (error) {
      await this.#release();
      throw connectionError(`cannot use ${url}`, error);
    }
  }

  /** After an outage others wait for their next attempt, with growing waits up to about as long as it lasted. */
  #othersBackAt(): number {
    const now = Date.now() / 1000;
    return this.#lostAt === undefined ? 0 : now + Math.min(this.#longestWait, 2 * (now - this.#lostAt));
  }

  protected override connectionLost(error: Error): void {
    const { url } = this;
    if (this.state === 'connected') this.#lostAt = Date.now() / 1000;
    super.connectionLost(
      error instanceof ConnectionError
        ? error
        : new ConnectionError(`the connection to ${url} was lost: ${reasonOf(error)}`, {
            cause: plainError(error),
          }),
    );
  }

  protected override async onDisconnect(): Promise<void> {
    await super.onDisconnect();
    await this.#release();
  }

  /** What was settled on the lost connection and is gone by our own doing needs no second try. */
  protected override onReconnect(): void {
    const recalled = this.#recalled;
    if (recalled?.intact === true)
      this.settledBefore((delivery) => isHeld(delivery) && !recalled.tags.has(String(delivery.tag)));
  }

  protected override async onShutdown(): Promise<void> {
    // Where the server is away it finds out by itself what it remembers of us.
    await this.#connection?.unacked.leave().catch(() => {});
    await this.#release();
  }

  async #release(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    await connection?.close();
  }

  protected override encode(message: Message, options: ResolvedPublishOptions): string {
    return encodeForList(message, options);
  }

  protected override onPut(messages: readonly QueuedMessage<string>[]): Promise<void> {
    return this.#publish(({ publisher }) => publisher.put(messages));
  }

  protected override onBroadcast(messages: readonly BroadcastMessage<string>[]): Promise<void> {
    return this.#publish(({ publisher }) => publisher.broadcast(messages));
  }

  async #publish(send: (connection: RedisConnection) => Promise<void>): Promise<void> {
    try {
      await send(this.#open);
    } catch (error) {
      // A server that can be reached and not be written to is as good as away.
      if (error instanceof ConnectionError) this.connectionLost(error);
      throw error;
    }
  }

  protected override async onTake(request: TakeRequest): Promise<TakenMessage[]> {
    const fromBroadcasts = this.#broadcasts.take(request.queues, request.max);
    if (fromBroadcasts.length > 0) return fromBroadcasts;
    const queues = request.queues.filter((queue) => !this.#broadcasts.has(queue));
    if (queues.length === 0) return [];
    const { flat, refusal, armed, forgotten } = await this.#open.unacked.take(queues, request.max);
    this.#recordMemory(refusal);
    if (forgotten) this.#declareForgotten();
    if (armed) request.armed();
    const taken: TakenMessage[] = [];
    for (let i = 0; i < flat.length; i += 3) {
      taken.push(
        decodeTaken(
          queues[flat[i] as number] as string,
          flat[i + 1] as string,
          flat[i + 2] as string,
          this.limits,
        ),
      );
    }
    // The client's command, and with it this reply, is garbage of the old generation from the start: its functions are made
    // there (V8 does so with a function literal that is assigned to a property). What it holds on to would grow old too.
    flat.length = 0;
    return taken;
  }

  /** A server without memory is up all the same, and gives messages. It is told once that it takes none. */
  #recordMemory(refusal: string | undefined): void {
    if (this.#outOfMemory === (refusal !== undefined)) return;
    this.#outOfMemory = refusal !== undefined;
    if (refusal === undefined) this.emit('unblocked');
    else this.emit('blocked', refusal);
  }

  /** A server that was emptied has no bindings either. Nobody waits for them: what was taken with that is handled. */
  #declareForgotten(): void {
    this.declareAllAgain().catch((error: Error) => this.connectionLost(error));
  }

  protected override async onArm(queues: readonly string[]): Promise<boolean> {
    const { keys, wakeUp } = this.#open;
    const lists = queues
      .filter((queue) => !this.#broadcasts.has(queue))
      .flatMap((queue) => keys.lists(queue));
    return lists.length > 0 && (await wakeUp.arm(lists)) > 0;
  }

  protected override async onSettleBatch(batch: SettlementBatch): Promise<readonly Delivery[]> {
    return this.#open.unacked.settle(batch);
  }

  protected override async onPutAside(item: AsideItem, reason: string): Promise<string> {
    const { keys, unacked } = this.#open;
    const place = `${item.queue}.rejected`;
    const list = keys.list(place, 0);
    const { maxSetAside: maxLength } = this.#options;
    const kept = asideMessage(item, reason, Buffer.from(String(item.handle)));
    const envelope = encodeEnvelope(kept, { exchange: '', routingKey: place, deliveryTag: randomUUID() });
    if (item.held) await unacked.move([{ tag: item.tag, end: 'LPUSH', list, envelope }], { maxLength });
    else await this.#publish(({ publisher }) => publisher.keep(list, envelope, maxLength));
    return place;
  }

  protected override async onRenew(held: ReadonlySet<Delivery>): Promise<void> {
    const { gone, refusal, forgotten } = await this.#open.unacked.renew(held);
    this.#recordMemory(refusal);
    if (forgotten) this.#declareForgotten();
    if (gone.length > 0) this.leaseLost(gone);
  }

  protected override async onRestore(): Promise<number> {
    const restorer = this.#restorer as Restorer;
    const known = () => new Set([...this.held, ...this.unsent].map(({ tag }) => String(tag)));
    if ((await restorer.restoreStrays(known)) > 0) this.wake();
    return restorer.restore();
  }

  protected override async onBindings(exchange: string): Promise<readonly StoredBinding[]> {
    const { client, keys } = this.#open;
    const entries = await client.smembers(keys.binding(exchange));
    return entries.map((entry) => keys.decodeBinding(entry)).filter((binding) => binding !== undefined);
  }

  protected override async onDeclareExchange(declaration: Required<ExchangeDeclaration>): Promise<void> {
    if (declaration.type === 'fanout') this.#broadcasts.addExchange(declaration.name);
  }

  protected override async onDeleteExchange(name: string): Promise<void> {
    const { client, keys } = this.#open;
    await client.del(keys.binding(name));
  }

  protected override async onBindQueue(binding: Required<Binding>): Promise<void> {
    const { client, keys } = this.#open;
    const { exchange, queue, routingKey } = binding;
    const [entry, ...others] = this.#entries(binding);
    const set = keys.binding(exchange);
    try {
      await client.sadd(set, entry);
    } catch (error) {
      // After an outage it is declared again, which needs no memory if it is there.
      if (!isOutOfMemory(error) || (await client.sismember(set, entry)) === 0) throw error;
    }
    if (others.length > 0) await client.srem(set, ...others);
    this.#broadcasts.bind(exchange, queue, routingKey);
  }

  protected override async onUnbindQueue(binding: Required<Binding>): Promise<void> {
    const { client, keys } = this.#open;
    const { exchange, queue, routingKey } = binding;
    await client.srem(keys.binding(exchange), ...this.#entries(binding));
    await this.#broadcasts.unbind(exchange, queue, routingKey);
  }

  #entries({ exchange, queue, routingKey }: Required<Binding>): [string, ...string[]] {
    const isTopic = exchange === 'amq.topic' || this.declaredExchange(exchange)?.type === 'topic';
    return this.#open.keys.bindingEntries(routingKey, queue, isTopic);
  }

  protected override async onDeleteQueue(
    name: string,
    bindings: readonly Required<Binding>[],
  ): Promise<number> {
    const count = await this.onPurgeQueue(name);
    for (const binding of bindings) await this.onUnbindQueue(binding);
    return count;
  }

  protected override async onPurgeQueue(name: string): Promise<number> {
    const { client, keys } = this.#open;
    const lists = keys.lists(name);
    return (await client.poolPurge(lists.length, ...lists)) + this.#broadcasts.purge(name);
  }

  protected override async onQueueSize(queue: string): Promise<number> {
    if (this.#broadcasts.has(queue)) return this.#broadcasts.size(queue);
    const { client, keys } = this.#open;
    const lists = keys.lists(queue);
    return client.poolCount(lists.length, ...lists);
  }

  protected override onBeginQueue(queue: string): Promise<void> {
    return this.#broadcasts.begin(queue);
  }

  protected override onEndQueue(queue: string): Promise<void> {
    return this.#broadcasts.end(queue);
  }
}
