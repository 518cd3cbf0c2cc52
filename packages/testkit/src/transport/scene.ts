import { randomUUID } from 'node:crypto';
import type {
  ConsumeOptions,
  Delivery,
  Message,
  PublishOptions,
  QueueDeclaration,
  Transport,
  TransportOptions,
} from '@pool/transport';
import { elapse, until, within } from '../pool/within.js';
import { Collector } from './collector.js';
import type { TransportConformanceOptions } from './options.js';

/** What is done with a delivery where nothing else is asked. */
const ack = (delivery: Delivery): void => delivery.ack();

/** One test's place, and what was opened there. All of it is gone when the test ends. */
export class Scene {
  readonly place: string = randomUUID();
  readonly patience: number;
  readonly #options: TransportConformanceOptions;
  readonly #transports: Transport[] = [];
  readonly #queues = new Set<string>();
  readonly #exchanges = new Set<string>();
  readonly #deferred: (() => void | Promise<void>)[] = [];

  constructor(options: TransportConformanceOptions, patience: number) {
    this.#options = options;
    this.patience = patience;
  }

  get url(): string {
    return this.#options.url(this.place);
  }

  /** A transport that is not connected. */
  create(options: TransportOptions = {}): Transport {
    const transport = this.#options.create(this.url, options);
    this.#transports.push(transport);
    return transport;
  }

  /** A transport that is connected. */
  async open(options: TransportOptions = {}): Promise<Transport> {
    const transport = this.create(options);
    await this.within(transport.connect(), 'the transport connects');
    return transport;
  }

  /** Declares a queue with a name of its own. */
  async queue(transport: Transport, declaration: Partial<QueueDeclaration> = {}): Promise<string> {
    const { name } = await this.within(
      transport.declareQueue({ name: this.name('queue'), ...declaration }),
      'the queue is declared',
    );
    this.#queues.add(name);
    return name;
  }

  /** Declares an exchange with a name of its own. */
  async exchange(transport: Transport, type: 'direct' | 'topic' | 'fanout'): Promise<string> {
    const name = this.name(type);
    await this.within(transport.declareExchange({ name, type }), 'the exchange is declared');
    this.#exchanges.add(name);
    return name;
  }

  name(kind: string): string {
    return `testkit.${kind}.${randomUUID()}`;
  }

  message(text: string | Uint8Array, parts: Partial<Message> = {}): Message {
    return {
      body: typeof text === 'string' ? Buffer.from(text) : text,
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      headers: {},
      properties: { correlationId: randomUUID() },
      ...parts,
    };
  }

  /** Publishes texts, together. */
  async send(
    transport: Transport,
    routingKey: string,
    texts: readonly string[],
    options: Partial<PublishOptions> = {},
  ): Promise<void> {
    const publishes = texts.map((text) => transport.publish(this.message(text), { routingKey, ...options }));
    await this.within(Promise.all(publishes), `${texts.length} messages are published`);
  }

  /** Consumes, and acks if nothing else is asked. */
  collect(
    transport: Transport,
    queues: string | readonly string[],
    options: Partial<ConsumeOptions> = {},
    each: (delivery: Delivery) => void = ack,
  ): Promise<Collector> {
    const list = typeof queues === 'string' ? [queues] : queues;
    return this.within(Collector.start(transport, { ...options, queues: list }, each), 'the consumer starts');
  }

  received(collector: Collector, count: number): Promise<void> {
    const what = (): string => `${count} messages come; ${collector.deliveries.length} came`;
    return within(collector.received(count), this.patience, `${count} messages come`).catch(
      (error: unknown) => {
        throw new Error(what(), { cause: error });
      },
    );
  }

  /** A round trip through the broker, so that what was to come has come. */
  async settle(collector: Collector): Promise<void> {
    await this.within(
      collector.consumer.proveConsumption({ timeout: this.patience }),
      'the consumer proves itself',
    );
  }

  /** Waits until that many messages wait in a queue. */
  async size(transport: Transport, queue: string, count: number): Promise<void> {
    let last = -1;
    const end = performance.now() + this.patience * 1000;
    while (performance.now() < end) {
      last = await this.within(transport.queueSize(queue), 'the queue tells its size');
      if (last === count) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`${count} messages should wait in the queue, and ${last} do`);
  }

  /** Does this when the test is over, also after a failure. */
  defer(undo: () => void | Promise<void>): void {
    this.#deferred.push(undo);
  }

  within<T>(promise: PromiseLike<T>, what: string): Promise<T> {
    return within(promise, this.patience, what);
  }

  until(condition: () => boolean, what: string): Promise<void> {
    return until(condition, this.patience, what);
  }

  /** Lets time pass, where the passing of time is what is tested. */
  elapse(seconds: number): Promise<void> {
    return elapse(seconds);
  }

  async end(): Promise<void> {
    for (const undo of this.#deferred) await undo();
    await this.#tidyUp().catch(() => {});
    await Promise.all(
      this.#transports.map((transport) => this.within(transport.close(), 'the transport closes')),
    );
    await this.#options.clean?.(this.place);
  }

  /** Leaves a broker as it was, where the place is not removed as a whole. */
  async #tidyUp(): Promise<void> {
    if (this.#options.clean !== undefined || this.#queues.size + this.#exchanges.size === 0) return;
    await Promise.all(
      this.#transports.map((transport) => this.within(transport.close(), 'the transport closes')),
    );
    const broom = this.#options.create(this.url, {});
    this.#transports.push(broom);
    await this.within(broom.connect(), 'the transport connects');
    for (const queue of this.#queues) {
      await broom.deleteQueue(queue).catch(() => {});
      await broom.deleteQueue(`${queue}.rejected`).catch(() => {});
    }
    for (const exchange of this.#exchanges) await broom.deleteExchange(exchange).catch(() => {});
  }
}
