import { randomUUID } from 'node:crypto';
import { decodeEnvelope, encodeEnvelope, type Message } from '@pool/message';
import {
  type AsideItem,
  asideMessage,
  type Binding,
  type BroadcastMessage,
  type BrokerUrl,
  ConnectionError,
  type Delivery,
  type ExchangeDeclaration,
  PublishError,
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
import { deliveryCountOf, markRedelivered } from './envelope-edit.js';
import { describeHolder } from './holders.js';
import { decodeBinding, encodeBinding, Keys } from './keys.js';
import { type Client, type Clients, databaseOf, openClients } from './redis-clients.js';
import {
  type RedisTransportOptions,
  type ResolvedRedisOptions,
  resolveRedisOptions,
} from './redis-options.js';
import { Restorer } from './restorer.js';
import { WakeUp } from './wake-up.js';

/** How many tags one script call handles; Lua unpacks a few thousand arguments at the most. */
const CHUNK = 1000;
/** How often one of ours says that it is alive, in thirds of this many seconds. */
const HEARTBEAT = 9;

/** Redis as a broker, in kombu's layout. */
export class RedisTransport extends VirtualTransport<string> {
  readonly capabilities: TransportCapabilities;
  readonly #options: ResolvedRedisOptions;
  readonly #holder: string = randomUUID();
  readonly #clientName: string = `pool.${this.#holder}`;
  #clients: Clients | undefined;
  #keys: Keys;
  #wakeUp: WakeUp | undefined;
  #broadcasts: Broadcasts;
  #health: NodeJS.Timeout | undefined;
  #outOfMemory = false;
  /** What this transport bound, to be unbound with the queue. */
  readonly #bound = new Map<string, Required<Binding>[]>();

  constructor(urls: readonly BrokerUrl[], options: RedisTransportOptions = {}) {
    super(urls, {
      pollInterval: options.cluster ? 0.2 : 5,
      ...options,
      maxBatch: Math.min(options.maxBatch ?? CHUNK, CHUNK),
    });
    this.#options = resolveRedisOptions(options);
    this.#keys = new Keys(this.#options, databaseOf(this.url));
    this.#broadcasts = new Broadcasts(this.#options.maxBroadcasts);
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

  get #client(): Client {
    if (this.#clients === undefined) throw new ConnectionError(`there is no connection to ${this.url}`);
    return this.#clients.commands;
  }

  protected override async onOpen(url: BrokerUrl, signal: AbortSignal): Promise<void> {
    this.#keys = new Keys(this.#options, databaseOf(url));
    const clients = await openClients(
      url,
      this.urls,
      this.#options,
      this.#clientName,
      (error) => this.connectionLost(error),
      signal,
    );
    try {
      const wakeUp = new WakeUp(clients);
      await wakeUp.start(() => this.wake());
      await this.#broadcasts.attach(clients.listener, this.#keys, (queue) => this.wake(queue));
      this.#clients = clients;
      this.#wakeUp = wakeUp;
    } catch (cause) {
      disconnect(clients);
      throw new ConnectionError(`cannot use ${url}: ${(cause as Error).message}`, { cause });
    }
    this.#health = setInterval(
      () => void this.#checkHealth(clients),
      this.#options.healthCheckInterval * 1000,
    );
    this.#health.unref();
  }

  protected override onDisconnect(): void {
    void super.onDisconnect();
    this.#release();
  }

  protected override async onShutdown(): Promise<void> {
    const clients = this.#clients;
    if (clients === undefined) return;
    try {
      const { holders } = this.#keys;
      await clients.commands.multi().hdel(holders, this.#holder).del(this.#keys.held(this.#holder)).exec();
    } catch {
      // The server is away: what it remembers of us it finds out by itself.
    }
    this.#release();
  }

  #release(): void {
    clearInterval(this.#health);
    if (this.#clients !== undefined) disconnect(this.#clients);
    this.#clients = undefined;
    this.#wakeUp = undefined;
  }

  async #checkHealth(clients: Clients): Promise<void> {
    const seconds = this.#options.healthCheckInterval;
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`it did not answer for ${seconds} s`)), seconds * 1000);
      timer.unref();
    });
    try {
      await Promise.race([Promise.all([clients.commands.ping(), clients.listener.ping()]), silence]);
    } catch (cause) {
      if (this.#clients !== clients) return;
      const reason = (cause as Error).message;
      this.connectionLost(
        new ConnectionError(`the connection to ${this.url} was lost: ${reason}`, { cause }),
      );
    } finally {
      clearTimeout(timer);
    }
  }

  protected override encode(message: Message, options: ResolvedPublishOptions): string {
    const { exchange, routingKey } = options;
    const prioritised = { ...message, properties: { ...message.properties, priority: options.priority } };
    return encodeEnvelope(prioritised, { exchange, routingKey, deliveryTag: randomUUID() });
  }

  protected override async onPut(messages: readonly QueuedMessage<string>[]): Promise<void> {
    const lists = new Map<string, string[]>();
    for (const { queue, priority, payload } of messages) {
      const key = this.#keys.list(queue, priority);
      const list = lists.get(key);
      if (list === undefined) lists.set(key, [payload]);
      else list.push(payload);
    }
    await this.#publish(async (client) => {
      const [first] = lists;
      if (lists.size === 1 && first !== undefined) return client.lpush(first[0], ...first[1]);
      const transaction = client.multi();
      for (const [key, payloads] of lists) transaction.lpush(key, ...payloads);
      return transaction.exec();
    });
  }

  protected override onBroadcast(messages: readonly BroadcastMessage<string>[]): Promise<void> {
    return this.#publish((client) =>
      Promise.all(
        messages.map(({ exchange, routingKey, payload }) =>
          client.publish(this.#keys.channel(exchange, routingKey), payload),
        ),
      ),
    );
  }

  /** Tells a refusal by the server, which concerns these messages, from a connection that is gone. */
  async #publish(send: (client: Client) => Promise<unknown>): Promise<void> {
    try {
      await send(this.#client);
    } catch (cause) {
      const { message } = cause as Error;
      if (isRefusal(message)) throw new PublishError(`${this.url} refused a message: ${message}`, { cause });
      throw new ConnectionError(`the connection to ${this.url} was lost: ${message}`, { cause });
    }
  }

  protected override async onTake(request: TakeRequest): Promise<TakenMessage[]> {
    const fromBroadcasts = this.#broadcasts.take(request.queues, request.max);
    if (fromBroadcasts.length > 0) return fromBroadcasts;
    const queues = request.queues.filter((queue) => !this.#broadcasts.has(queue));
    if (queues.length === 0) return [];
    const flat = await this.#takeFlat(queues, request.max);
    const taken: TakenMessage[] = [];
    for (let i = 0; i < flat.length; i += 3) {
      taken.push(
        this.#decode(queues[flat[i] as number] as string, flat[i + 1] as string, flat[i + 2] as string),
      );
    }
    return taken;
  }

  async #takeFlat(queues: readonly string[], max: number): Promise<(string | number)[]> {
    const keys = this.#keys;
    const now = Date.now() / 1000;
    const lists = this.#listsByPriority(queues);
    try {
      const flat = await this.#client.poolTake(
        4 + lists.length,
        keys.unacked,
        keys.unackedIndex,
        keys.holders,
        keys.held(this.#holder),
        ...lists,
        max,
        now,
        this.#holder,
        describeHolder(this.#clientName, now),
        ...queues.map((queue) => JSON.stringify(queue)),
      );
      this.#recordMemory(undefined);
      return flat;
    } catch (error) {
      const { message } = error as Error;
      if (!isRefusal(message)) throw error;
      this.#recordMemory(message);
      return [];
    }
  }

  /** A server that takes no writes is up all the same: said once, tried again by the poll. */
  #recordMemory(refusal: string | undefined): void {
    if (this.#outOfMemory === (refusal !== undefined)) return;
    this.#outOfMemory = refusal !== undefined;
    if (refusal === undefined) this.emit('unblocked');
    else this.emit('blocked', refusal);
  }

  #listsByPriority(queues: readonly string[]): string[] {
    const lists = queues.map((queue) => this.#keys.lists(queue));
    return this.#keys.steps.flatMap((_, step) => lists.map((steps) => steps[step] as string));
  }

  #decode(queue: string, tag: string, envelope: string): TakenMessage {
    try {
      const { message, deliveryInfo } = decodeEnvelope(envelope);
      const redelivered = deliveryInfo.redelivered === true;
      return {
        queue,
        tag,
        message,
        exchange: deliveryInfo.exchange ?? '',
        routingKey: deliveryInfo.routingKey ?? '',
        redelivered,
        deliveryCount: deliveryCountOf(message.properties.extra, redelivered),
        handle: envelope,
      };
    } catch (error) {
      const message = error instanceof Error ? error : new Error(String(error));
      const rest = { exchange: '', routingKey: queue, redelivered: false, deliveryCount: 0 };
      return { queue, tag, message, ...rest, handle: envelope };
    }
  }

  protected override async onArm(queues: readonly string[]): Promise<boolean> {
    const lists = queues
      .filter((queue) => !this.#broadcasts.has(queue))
      .flatMap((queue) => this.#keys.lists(queue));
    if (lists.length === 0 || this.#wakeUp === undefined || this.#outOfMemory) return false;
    return (await this.#wakeUp.arm(lists)) > 0;
  }

  protected override async onSettleBatch(batch: SettlementBatch): Promise<readonly Delivery[]> {
    const forgotten = [...batch.acked, ...batch.rejected].filter(isHeld);
    const back = [
      ...batch.requeued.filter(isHeld).map((delivery) => this.#moveBack(delivery, 'LPUSH', true)),
      ...batch.released.filter(isHeld).map((delivery) => this.#moveBack(delivery, 'RPUSH', false)),
    ];
    const stale: Delivery[] = [];
    const sent: Promise<unknown>[] = [];
    const { unacked, unackedIndex } = this.#keys;
    const held = this.#keys.held(this.#holder);
    for (let i = 0; i < forgotten.length; i += CHUNK) {
      const chunk = forgotten.slice(i, i + CHUNK);
      const tags = chunk.map(({ tag }) => tag);
      const gone = this.#client.poolForget(3, unacked, unackedIndex, held, ...tags);
      sent.push(gone.then((places) => stale.push(...places.map((place) => chunk[place - 1] as Delivery))));
    }
    for (let i = 0; i < back.length; i += CHUNK) {
      const chunk = back.slice(i, i + CHUNK);
      const gone = this.#move(chunk, 0);
      sent.push(
        gone.then((places) => stale.push(...places.map((place) => chunk[place - 1]?.delivery as Delivery))),
      );
    }
    await Promise.all(sent);
    return stale;
  }

  #moveBack(delivery: Delivery, end: 'LPUSH' | 'RPUSH', marked: boolean): Move & { delivery: Delivery } {
    const { tag, queue, deliveryCount = 0, message } = delivery;
    const envelope = delivery.handle as string;
    return {
      delivery,
      tag,
      end,
      list: this.#keys.list(queue, message.properties.priority ?? 0),
      envelope: marked ? markRedelivered(envelope, deliveryCount + 1) : envelope,
    };
  }

  #move(moves: readonly Move[], maxLength: number): Promise<number[]> {
    const { unacked, unackedIndex } = this.#keys;
    return this.#client.poolMove(
      3 + moves.length,
      unacked,
      unackedIndex,
      this.#keys.held(this.#holder),
      ...moves.map(({ list }) => list),
      maxLength,
      ...moves.flatMap(({ tag, end, envelope }) => [tag, end, envelope]),
    );
  }

  protected override async onPutAside(item: AsideItem, reason: string): Promise<string> {
    const place = `${item.queue}.rejected`;
    const list = this.#keys.list(place, 0);
    const { maxSetAside } = this.#options;
    const tag = item.held ? item.tag : randomUUID();
    const envelope = this.#asideEnvelope(item, reason, place);
    if (item.held) await this.#move([{ tag, end: 'LPUSH', list, envelope }], maxSetAside);
    else
      await this.#client
        .multi()
        .lpush(list, envelope)
        .ltrim(list, 0, maxSetAside - 1)
        .exec();
    return place;
  }

  #asideEnvelope(item: AsideItem, reason: string, routingKey: string): string {
    const kept = asideMessage(item, reason, Buffer.from(String(item.handle)));
    return encodeEnvelope(kept, { exchange: '', routingKey, deliveryTag: randomUUID() });
  }

  protected override async onRenew(held: ReadonlySet<Delivery>): Promise<void> {
    const now = Date.now() / 1000;
    const { unackedIndex, holders } = this.#keys;
    const known = describeHolder(this.#clientName, now);
    const deliveries = [...held].filter(isHeld);
    for (let i = 0; i < Math.max(1, deliveries.length); i += CHUNK) {
      const chunk = deliveries.slice(i, i + CHUNK);
      const tags = chunk.map(({ tag }) => tag);
      const gone = await this.#client.poolRenew(2, unackedIndex, holders, now, this.#holder, known, ...tags);
      if (gone.length > 0) this.leaseLost(gone.map((place) => chunk[place - 1] as Delivery));
    }
  }

  protected override onRestore(): Promise<number> {
    const restorer = new Restorer(this.#client, this.#keys, this.#options, this.#holder);
    return restorer.restore((exchange) => this.onBindings(exchange));
  }

  protected override async onBindings(exchange: string): Promise<readonly StoredBinding[]> {
    const entries = await this.#client.smembers(this.#keys.binding(exchange));
    return entries.map(decodeBinding).filter((binding) => binding !== undefined);
  }

  protected override async onDeclareExchange(declaration: Required<ExchangeDeclaration>): Promise<void> {
    if (declaration.type === 'fanout') this.#broadcasts.addExchange(declaration.name);
  }

  protected override async onDeleteExchange(name: string): Promise<void> {
    await this.#client.del(this.#keys.binding(name));
  }

  protected override async onBindQueue(binding: Required<Binding>): Promise<void> {
    const { exchange, queue, routingKey } = binding;
    await this.#client.sadd(this.#keys.binding(exchange), encodeBinding(routingKey, queue));
    this.#broadcasts.bind(exchange, queue, routingKey);
    this.#bound.set(queue, [...(this.#bound.get(queue) ?? []), binding]);
  }

  protected override async onUnbindQueue(binding: Required<Binding>): Promise<void> {
    const { exchange, queue, routingKey } = binding;
    await this.#client.srem(this.#keys.binding(exchange), encodeBinding(routingKey, queue));
    await this.#broadcasts.unbind(exchange, queue, routingKey);
  }

  protected override async onDeleteQueue(name: string): Promise<number> {
    const count = await this.onQueueSize(name);
    await this.#client.del(...this.#keys.lists(name));
    for (const binding of this.#bound.get(name) ?? []) await this.onUnbindQueue(binding);
    this.#bound.delete(name);
    return count;
  }

  protected override async onPurgeQueue(name: string): Promise<number> {
    const lists = this.#keys.lists(name);
    const transaction = this.#client.multi();
    transaction.eval(
      "local n = 0 for i = 1, #KEYS do n = n + redis.call('LLEN', KEYS[i]) end return n",
      lists.length,
      ...lists,
    );
    const results = await transaction.del(...lists).exec();
    return Number(results?.[0]?.[1] ?? 0) + this.#broadcasts.purge(name);
  }

  protected override onQueueSize(queue: string): Promise<number> {
    if (this.#broadcasts.has(queue)) return Promise.resolve(this.#broadcasts.size(queue));
    const lists = this.#keys.lists(queue);
    return this.#client.poolCount(lists.length, ...lists);
  }

  protected override onBeginQueue(queue: string): Promise<void> {
    return this.#broadcasts.begin(queue);
  }

  protected override onEndQueue(queue: string): Promise<void> {
    return this.#broadcasts.end(queue);
  }
}

interface Move {
  tag: string | number;
  end: 'LPUSH' | 'RPUSH';
  list: string;
  envelope: string;
}

/** Broadcasts are not recorded as held; nothing has to be settled for them. */
function isHeld(delivery: Delivery): boolean {
  return delivery.handle !== undefined;
}

/** The server is there and says no to this command: out of memory, a replica, a failing disk. */
function isRefusal(message: string): boolean {
  return /^(OOM|READONLY|MISCONF|NOPERM|NOREPLICAS|ERR|WRONGTYPE|EXECABORT|LOADING|BUSY)\b/.test(message);
}

function disconnect(clients: Clients): void {
  clients.commands.disconnect();
  clients.listener.disconnect();
}
