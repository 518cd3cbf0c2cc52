import { randomUUID } from 'node:crypto';
import {
  backOff,
  type Consumer,
  ConsumerStalledError,
  checkPrefetch,
  type Delivery,
  type ProveOptions,
  type ResolvedConsumeOptions,
} from '@pool/transport';
import type { Channel, ConsumeMessage } from 'amqplib';
import { AckWindow } from './ack-window.js';
import { Inbox } from './inbox.js';
import { type Subscriber, Subscriptions } from './subscriptions.js';

/** What a consumer needs of its transport. */
export interface ConsumerPort {
  openChannel(): Promise<Channel>;
  /** Whether one prefetch counts for the whole channel, for these queues. */
  channelWide(queues: readonly string[]): boolean;
  createDelivery(message: ConsumeMessage, queue: string, consumer: AmqpConsumer): Delivery;
  /** The properties of this message cannot be read, or must not be. */
  refuse(delivery: Delivery): boolean;
  /** Makes a queue that the broker took away again; false if it is none of ours, or no longer. */
  declareAgain(queue: string): Promise<boolean>;
  onCancelled(consumer: AmqpConsumer, queue: string): void;
  onResumed(consumer: AmqpConsumer, queue: string): void;
  onStalled(consumer: AmqpConsumer, queue: string, error: Error, delay: number): void;
  onLost(error: Error): void;
  /** It was cancelled. */
  ended(consumer: AmqpConsumer): void;
  /** It was cancelled and holds nothing any more. */
  released(consumer: AmqpConsumer): void;
}

/**
 * One channel that takes from several queues. Settlements go out at the end of the event-loop turn; deliveries of one
 * turn are handed over together.
 */
export class AmqpConsumer implements Consumer {
  readonly tag: string = `ctag.${randomUUID()}`;
  readonly #port: ConsumerPort;
  readonly #options: ResolvedConsumeOptions;
  readonly #inbox: Inbox;
  readonly #subscriber: Subscriber;
  #queues: string[];
  #prefetch: number;
  #paused = false;
  #cancelling: Promise<void> | undefined;
  /** Those on the channel that is open. */
  #subscriptions: Subscriptions | undefined;
  #window: AckWindow | undefined;
  #unacked = 0;
  #flushing = false;
  #lastPollAt = 0;
  /** Changes of what is consumed go one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(port: ConsumerPort, options: ResolvedConsumeOptions) {
    this.#port = port;
    this.#options = options;
    this.#queues = [...options.queues];
    this.#prefetch = options.prefetch;
    // Nobody but us has what needs no ack: it waits here for the end of a pause.
    this.#inbox = new Inbox(options.onDeliveries, () => this.#paused && !this.cancelled);
    const consumer = this;
    this.#subscriber = {
      tag: this.tag,
      noAck: options.noAck,
      get prefetch() {
        return consumer.prefetch;
      },
      onMessage: (queue, message) => this.#onMessage(queue, message),
      onTakenAway: (queue) => this.#onTakenAway(queue),
    };
  }

  get noAck(): boolean {
    return this.#options.noAck;
  }

  get queues(): readonly string[] {
    return this.#queues;
  }

  get prefetch(): number {
    return this.#prefetch;
  }

  get unacked(): number {
    return this.#unacked;
  }

  get paused(): boolean {
    return this.#paused;
  }

  get cancelled(): boolean {
    return this.#cancelling !== undefined;
  }

  get lastPollAt(): number {
    return this.#lastPollAt;
  }

  /** Opens a channel and consumes on it: at first, and again after each reconnect. */
  async start(): Promise<void> {
    this.#inbox.close();
    await this.#inTurn(() => this.#begin());
    this.#inbox.open();
  }

  async #begin(): Promise<void> {
    this.disconnect();
    const channel = await this.#port.openChannel();
    const wide = this.#port.channelWide(this.#queues);
    const subscriptions = new Subscriptions(channel, this.#subscriber, wide);
    this.#subscriptions = subscriptions;
    this.#window = new AckWindow({
      ack: (tag, allUpTo) => channel.ack(messageOf(tag), allUpTo),
      reject: (tag, requeue) => channel.reject(messageOf(tag), requeue),
    });
    channel.on('close', () => {
      if (this.#subscriptions === subscriptions) this.#subscriptions = undefined;
    });
    channel.on('error', (error: Error) => {
      if (this.#subscriptions === subscriptions) this.#port.onLost(error);
    });
    await subscriptions.applyPrefetch();
    if (this.#paused) return;
    for (const queue of this.#queues) await subscriptions.begin(queue);
  }

  /** The connection is gone, and what was held with it. */
  disconnect(): void {
    this.#subscriptions = undefined;
    this.#window = undefined;
    // What needs no ack the broker does not give again.
    if (!this.#options.noAck) this.#inbox.remove(() => true);
    this.#unacked = 0;
  }

  setPrefetch(prefetch: number): Promise<void> {
    checkPrefetch(prefetch);
    if (prefetch === this.#prefetch) return Promise.resolve();
    this.#prefetch = prefetch;
    return this.#inTurn(async () => {
      if (!this.#options.noAck) await this.#subscriptions?.changePrefetch();
    });
  }

  async addQueue(queue: string): Promise<void> {
    if (this.#queues.includes(queue) || this.cancelled) return;
    this.#queues.push(queue);
    await this.#inTurn(async () => {
      const subscriptions = this.#subscriptions;
      if (subscriptions === undefined || this.#paused || !this.#queues.includes(queue)) return;
      if (!this.#port.channelWide(this.#queues)) await subscriptions.narrowPrefetch();
      await subscriptions.begin(queue);
    });
  }

  async cancelQueue(queue: string): Promise<void> {
    if (!this.#queues.includes(queue)) return;
    this.#queues = this.#queues.filter((name) => name !== queue);
    this.#giveBack((delivery) => delivery.queue === queue);
    await this.#inTurn(async () => this.#subscriptions?.end(queue));
  }

  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#giveBack(() => true);
    this.#background(async (subscriptions) => {
      if (this.#paused) await subscriptions.endAll();
    });
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#inbox.proceed();
    this.#background(async (subscriptions) => {
      if (this.#paused) return;
      for (const queue of this.#queues) if (!subscriptions.has(queue)) await subscriptions.begin(queue);
    });
  }

  cancel(): Promise<void> {
    this.#cancelling ??= this.#cancel();
    return this.#cancelling;
  }

  async #cancel(): Promise<void> {
    this.#giveBack(() => true);
    this.#port.ended(this);
    await this.#inTurn(async () => this.#subscriptions?.endAll()).catch(() => {});
    if (this.#options.noAck) this.#inbox.handOver();
    this.#releaseWhenDone();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.cancel();
  }

  async proveConsumption(options: ProveOptions = {}): Promise<void> {
    const { timeout = 30 } = options;
    if (this.cancelled) throw new ConsumerStalledError('the consumer was cancelled');
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`the broker did not answer within ${timeout} s`)),
        timeout * 1000,
      );
    });
    try {
      // In turn with what is being changed: a consumer that is resuming consumes when that is done.
      await Promise.race([late, this.#inTurn(() => this.#proveChannel())]);
      this.#lastPollAt = performance.now();
    } catch (cause) {
      throw new ConsumerStalledError((cause as Error).message, { cause });
    } finally {
      clearTimeout(timer);
    }
  }

  /** The channel that consumes must answer, not just the connection. */
  async #proveChannel(): Promise<void> {
    const subscriptions = this.#subscriptions;
    if (subscriptions === undefined) throw new Error('the channel is closed');
    const missing = this.#paused ? undefined : this.#queues.find((queue) => !subscriptions.has(queue));
    if (missing !== undefined) throw new Error(`the broker gives nothing from the queue ${missing}`);
    await subscriptions.applyPrefetch();
  }

  /** Notes a settlement; false if the message is not this channel's any more. */
  settle(delivery: Delivery, settlement: 'acked' | 'rejected' | 'requeued'): boolean {
    const window = this.#window;
    if (window === undefined || this.#subscriptions === undefined) return false;
    this.#unacked -= 1;
    if (settlement === 'acked') window.ack(delivery.tag as number);
    else window.reject(delivery.tag as number, settlement === 'requeued');
    this.#scheduleFlush();
    return true;
  }

  /** Sends what is noted; resolves when the broker has seen it. */
  async flush(): Promise<void> {
    if (this.#subscriptions !== undefined) this.#window?.flush();
    await this.#inTurn(async () => this.#subscriptions?.applyPrefetch());
  }

  /** Closes the channel: what is held goes back to its queues. */
  async close(): Promise<void> {
    const channel = this.#subscriptions?.channel;
    this.disconnect();
    await channel?.close().catch(() => {});
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#last.then(change);
    this.#last = result.catch(() => {});
    return result;
  }

  #background(change: (subscriptions: Subscriptions) => Promise<void>): void {
    this.#inTurn(async () => {
      if (this.#subscriptions !== undefined) await change(this.#subscriptions);
    }).catch((error: Error) => this.#port.onLost(error));
  }

  #onMessage(queue: string, message: ConsumeMessage): void {
    this.#lastPollAt = performance.now();
    if (!this.#options.noAck) {
      this.#window?.add(message.fields.deliveryTag);
      this.#unacked += 1;
    }
    const delivery = this.#port.createDelivery(message, queue, this);
    if (this.#port.refuse(delivery)) return;
    const wanted = !this.#paused && !this.cancelled && this.#queues.includes(queue);
    if (!wanted && !this.#options.noAck) {
      delivery.reject({ requeue: true });
      return;
    }
    this.#inbox.add(delivery);
  }

  /** The queue was deleted, or its node died. */
  #onTakenAway(queue: string): void {
    this.#lastPollAt = performance.now();
    this.#options.onCancelled?.(queue);
    this.#port.onCancelled(this, queue);
    if (this.#subscriptions !== undefined) void this.#takeAgain(this.#subscriptions, queue);
  }

  /** Makes the queue again and takes from it, tried until it succeeds or nobody wants it any more. */
  async #takeAgain(subscriptions: Subscriptions, queue: string): Promise<void> {
    const wanted = (): boolean =>
      this.#subscriptions === subscriptions && !this.cancelled && this.#queues.includes(queue);
    for (let attempt = 0; wanted(); attempt++) {
      try {
        if (!(await this.#port.declareAgain(queue))) {
          this.#queues = this.#queues.filter((name) => name !== queue);
          return;
        }
        await this.#inTurn(async () => {
          if (wanted() && !this.#paused && !subscriptions.has(queue)) await subscriptions.begin(queue);
        });
        if (wanted()) this.#port.onResumed(this, queue);
        return;
      } catch (error) {
        if (!wanted()) return;
        const delay = backOff(attempt);
        this.#port.onStalled(this, queue, error as Error, delay);
        await new Promise<void>((resolve) => setTimeout(resolve, delay * 1000).unref());
      }
    }
  }

  #giveBack(matches: (delivery: Delivery) => boolean): void {
    if (this.#options.noAck) return;
    for (const delivery of this.#inbox.remove(matches)) delivery.reject({ requeue: true });
  }

  #scheduleFlush(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => {
      this.#flushing = false;
      if (this.#subscriptions !== undefined) this.#window?.flush();
      if (this.cancelled) this.#releaseWhenDone();
    });
  }

  /** What was cancelled keeps its channel until the last message it holds is settled. */
  #releaseWhenDone(): void {
    if (this.#unacked > 0 || this.#flushing) return;
    void this.#inTurn(() => this.close()).then(() => this.#port.released(this));
  }
}

/** amqplib reads nothing but the tag of a message that it acknowledges. */
function messageOf(deliveryTag: number): ConsumeMessage {
  return { fields: { deliveryTag } } as ConsumeMessage;
}
