import { randomUUID } from 'node:crypto';
import { decodeEnvelope, encodeEnvelope, type Message, markRedelivered } from '@pool/message';
import {
  type AsideItem,
  asideMessage,
  type Binding,
  type BrokerUrl,
  ConnectionError,
  type Delivery,
  type ExchangeDeclaration,
  type ExchangeType,
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
import { BindingTable } from './binding-table.js';
import { isEntry, Paths } from './paths.js';
import { requests } from './requests.js';
import { type Change, isMissing, Session } from './session.js';
import type { ZookeeperTransportOptions } from './zookeeper-options.js';

/** What ZooKeeper takes as a node's data, less what goes round it (`jute.maxbuffer` is a mebibyte unless set otherwise). */
const MAX_BYTES = 1024 * 1024 - 4096;

/** What a delivery remembers of its node. */
interface Claim {
  readonly entry: string;
  readonly claim: string;
  readonly data: Buffer;
}

/**
 * ZooKeeper as a broker. A message is a node; whoever takes it makes a second node that ends with its session, so that
 * the messages of a worker that dies are free again.
 */
export class ZookeeperTransport extends VirtualTransport<Buffer> {
  readonly capabilities: TransportCapabilities = {
    fanout: true,
    topic: true,
    remoteControl: true,
    priorities: { levels: 10, urgent: 'high' },
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
  readonly #options: ZookeeperTransportOptions;
  #paths: Paths;
  #session: Session | undefined;
  readonly #known = new Set<string>();
  readonly #bindings = new BindingTable(() => ({ session: this.#open, paths: this.#paths }));

  constructor(urls: readonly BrokerUrl[], options: ZookeeperTransportOptions = {}) {
    super(urls, { pollInterval: 5, ...options });
    this.#options = options;
    this.#paths = new Paths(this.url.path);
  }

  get #open(): Session {
    if (this.#session === undefined) throw new ConnectionError(`there is no session with ${this.url}`);
    return this.#session;
  }

  protected override async onOpen(url: BrokerUrl, signal: AbortSignal): Promise<void> {
    this.#paths = new Paths(url.path);
    this.#known.clear();
    const { sessionTimeout = 10 } = this.#options;
    // The servers of an ensemble are one broker: the client goes from one to the other.
    const session = await Session.open(
      this.urls,
      sessionTimeout,
      (error) => this.connectionLost(error),
      signal,
    );
    this.#session = session;
  }

  protected override onDisconnect(): void {
    void super.onDisconnect();
    this.#session?.close();
    this.#session = undefined;
    // The claims ended with the session.
    this.leaseLost([...this.held]);
  }

  protected override async onShutdown(): Promise<void> {
    this.#session?.close();
    this.#session = undefined;
  }

  protected override encode(message: Message, options: ResolvedPublishOptions): Buffer {
    const { exchange, routingKey, priority } = options;
    const prioritised = { ...message, properties: { ...message.properties, priority } };
    const data = Buffer.from(
      encodeEnvelope(prioritised, { exchange, routingKey, deliveryTag: randomUUID() }),
    );
    // The servers would close the session over it.
    if (data.length > MAX_BYTES) {
      throw new PublishError(
        `ZooKeeper takes at most ${MAX_BYTES} bytes in a message, and this one has ${data.length}`,
      );
    }
    return data;
  }

  protected override async onPut(messages: readonly QueuedMessage<Buffer>[]): Promise<void> {
    for (const queue of new Set(messages.map((message) => message.queue))) await this.#ensureQueue(queue);
    const created = messages.map(({ queue, priority, payload }) => ({
      create: this.#paths.entry(queue, priority),
      data: payload,
    }));
    await Promise.all(requests(created).map((changes) => this.#open.transact(changes)));
  }

  protected override async onTake(request: TakeRequest): Promise<TakenMessage[]> {
    const taken: TakenMessage[] = [];
    for (const queue of request.queues) {
      const free = await this.#free(queue);
      // Others claim as well: what they were faster with is replaced by what comes after.
      for (let at = 0; at < free.length && taken.length < request.max; ) {
        const some = free.slice(at, at + request.max - taken.length);
        at += some.length;
        const claimed = await Promise.all(some.map((name) => this.#take(queue, name)));
        for (const message of claimed) if (message !== undefined) taken.push(message);
      }
      if (taken.length >= request.max) break;
    }
    return taken;
  }

  /** The messages that nobody has claimed, the most urgent first. */
  async #free(queue: string, watch?: () => void): Promise<string[]> {
    await this.#ensureQueue(queue);
    const session = this.#open;
    // Claims are listed last: a message that goes in between is found gone, none is found free that is not.
    const entries = await session.children(this.#paths.queue(queue), watch);
    const claims = new Set(await session.children(this.#paths.claims(queue), watch));
    return entries.filter((name) => isEntry(name) && !claims.has(name)).sort();
  }

  async #take(queue: string, name: string): Promise<TakenMessage | undefined> {
    const session = this.#open;
    const entry = `${this.#paths.queue(queue)}/${name}`;
    const claim = `${this.#paths.claims(queue)}/${name}`;
    if (!(await session.claim(claim, Buffer.from(String(process.pid))))) return undefined;
    const data = await session.data(entry);
    if (data === undefined) {
      await session.remove(claim);
      return undefined;
    }
    const handle: Claim = { entry, claim, data };
    try {
      const { message, deliveryInfo, deliveryCount } = decodeEnvelope(data, this.limits);
      // Written before anybody sees it, so that whoever comes after a crash knows.
      const marked = markRedelivered(data, { deliveryCount: deliveryCount + 1, limits: this.limits });
      await session.setData(entry, Buffer.from(marked));
      return {
        queue,
        tag: entry,
        message,
        exchange: deliveryInfo.exchange,
        routingKey: deliveryInfo.routingKey,
        redelivered: deliveryCount > 0,
        deliveryCount,
        handle,
      };
    } catch (error) {
      if (isMissing(error)) {
        await session.remove(claim);
        return undefined;
      }
      if (isSessionError(error)) throw error;
      const message = error instanceof Error ? error : new Error(String(error));
      const rest = { exchange: '', routingKey: queue, redelivered: false, deliveryCount: 0 };
      return { queue, tag: entry, message, ...rest, handle };
    }
  }

  protected override async onArm(queues: readonly string[]): Promise<boolean> {
    const free = await Promise.all(queues.map((queue) => this.#free(queue, () => this.wake(queue))));
    return free.some((names) => names.length > 0);
  }

  protected override async onSettleBatch(batch: SettlementBatch): Promise<readonly Delivery[]> {
    const gone: Delivery[] = [];
    const settle = async (delivery: Delivery, work: (claim: Claim) => Promise<void>): Promise<void> => {
      try {
        await work(delivery.handle as Claim);
      } catch (error) {
        if (!isMissing(error)) throw error;
        gone.push(delivery);
      }
    };
    const session = this.#open;
    await Promise.all([
      ...[...batch.acked, ...batch.rejected].map((delivery) =>
        settle(delivery, ({ entry, claim }) => session.transact([{ remove: claim }, { remove: entry }])),
      ),
      ...batch.requeued.map((delivery) =>
        settle(delivery, ({ claim }) => session.transact([{ remove: claim }])),
      ),
      ...batch.released.map((delivery) =>
        settle(delivery, async ({ entry, claim, data }) => {
          await session.setData(entry, data);
          await session.transact([{ remove: claim }]);
        }),
      ),
    ]);
    return gone;
  }

  protected override async onPutAside(item: AsideItem, reason: string): Promise<string> {
    const place = `${item.queue}.rejected`;
    await this.#ensureQueue(place);
    const claim = item.handle as Claim | undefined;
    const message = asideMessage(item, reason, claim?.data ?? Buffer.alloc(0));
    const envelope = encodeEnvelope(message, { exchange: '', routingKey: place, deliveryTag: randomUUID() });
    const changes: Change[] = [{ create: this.#paths.entry(place, 0), data: Buffer.from(envelope) }];
    if (item.held && claim !== undefined) changes.push({ remove: claim.claim }, { remove: claim.entry });
    await this.#open.transact(changes);
    await this.#trim(place);
    return place;
  }

  async #trim(queue: string): Promise<void> {
    const { maxSetAside = 10_000 } = this.#options;
    const path = this.#paths.queue(queue);
    const stat = await this.#open.stat(path);
    if (stat === null || stat.numChildren <= maxSetAside) return;
    const names = (await this.#open.children(path)).filter(isEntry).sort();
    for (const name of names.slice(0, names.length - maxSetAside)) await this.#open.remove(`${path}/${name}`);
  }

  async #ensureQueue(queue: string): Promise<void> {
    if (this.#known.has(queue)) return;
    await this.#open.ensure(this.#paths.queue(queue));
    await this.#open.ensure(this.#paths.claims(queue));
    this.#known.add(queue);
  }

  protected override onCreateQueue(declaration: QueueDeclaration): Promise<void> {
    return this.#ensureQueue(declaration.name);
  }

  protected override async onQueueSize(queue: string): Promise<number> {
    return (await this.#free(queue)).length;
  }

  protected override async onPurgeQueue(name: string): Promise<number> {
    const path = this.#paths.queue(name);
    const removed = await Promise.all(
      (await this.#free(name)).map((entry) => this.#open.remove(`${path}/${entry}`)),
    );
    return removed.filter(Boolean).length;
  }

  protected override async onDeleteQueue(name: string): Promise<number> {
    const count = await this.onPurgeQueue(name);
    this.#known.delete(name);
    await this.#bindings.unbindQueue(name);
    return count;
  }

  protected override onBindings(exchange: string): Promise<readonly StoredBinding[]> {
    return this.#bindings.bindings(exchange);
  }

  protected override onDeclareExchange({ name, type }: Required<ExchangeDeclaration>): Promise<void> {
    return this.#bindings.declareExchange(name, type);
  }

  protected override onExchangeType(exchange: string): Promise<ExchangeType | undefined> {
    return this.#bindings.exchangeType(exchange);
  }

  protected override onDeleteExchange(name: string): Promise<void> {
    return this.#bindings.deleteExchange(name);
  }

  protected override onBindQueue(binding: Required<Binding>): Promise<void> {
    return this.#bindings.bind(binding);
  }

  protected override onUnbindQueue(binding: Required<Binding>): Promise<void> {
    return this.#bindings.unbind(binding);
  }
}

/** Whether an error is of the session, not of a message. */
function isSessionError(error: unknown): boolean {
  return typeof (error as { getCode?: unknown } | null)?.getCode === 'function';
}
