import { randomUUID } from 'node:crypto';
import type { Channel, ConsumeMessage } from 'amqplib';

/** Whose subscriptions they are. */
export interface Subscriber {
  /** Its name, which those of the broker's consumers begin with. */
  readonly tag: string;
  readonly noAck: boolean;
  readonly prefetch: number;
  onMessage(queue: string, message: ConsumeMessage): void;
  /** The broker ended the subscription: the queue was deleted, or its node died. */
  onTakenAway(queue: string): void;
}

/** The broker's consumers on one channel, one for each queue, and their prefetch. */
export class Subscriptions {
  readonly channel: Channel;
  readonly #subscriber: Subscriber;
  /** The names of the broker's consumers, by queue. */
  readonly #tags = new Map<string, string>();
  /** Whether the channel's prefetch counts for all its queues. */
  #channelWide: boolean;

  constructor(channel: Channel, subscriber: Subscriber, channelWide: boolean) {
    this.channel = channel;
    this.#subscriber = subscriber;
    this.#channelWide = channelWide;
  }

  get queues(): string[] {
    return [...this.#tags.keys()];
  }

  has(queue: string): boolean {
    return this.#tags.has(queue);
  }

  async applyPrefetch(): Promise<void> {
    const { noAck, prefetch } = this.#subscriber;
    await this.channel.prefetch(noAck ? 0 : prefetch, this.#channelWide);
  }

  async changePrefetch(): Promise<void> {
    await this.applyPrefetch();
    if (!this.#channelWide) await this.#renew();
  }

  /** A queue comes in that has no prefetch for the whole channel: each queue gets one of its own. */
  async narrowPrefetch(): Promise<void> {
    if (!this.#channelWide) return;
    await this.channel.prefetch(0, true);
    this.#channelWide = false;
    await this.changePrefetch();
  }

  async begin(queue: string): Promise<void> {
    const { tag, noAck } = this.#subscriber;
    const consumerTag = `${tag}.${randomUUID()}`;
    this.#tags.set(queue, consumerTag);
    const onMessage = (message: ConsumeMessage | null): void => {
      if (message !== null) {
        this.#subscriber.onMessage(queue, message);
      } else if (this.#tags.get(queue) === consumerTag) {
        this.#tags.delete(queue);
        this.#subscriber.onTakenAway(queue);
      }
    };
    try {
      await this.channel.consume(queue, onMessage, { consumerTag, noAck });
    } catch (error) {
      this.#tags.delete(queue);
      throw error;
    }
  }

  async end(queue: string): Promise<void> {
    const consumerTag = this.#tags.get(queue);
    if (consumerTag === undefined) return;
    this.#tags.delete(queue);
    await this.channel.cancel(consumerTag);
  }

  async endAll(): Promise<void> {
    for (const queue of this.queues) await this.end(queue);
  }

  /** A prefetch of its own is fixed when a consumer begins: it is renewed; what it holds stays on the channel. */
  async #renew(): Promise<void> {
    for (const queue of this.queues) {
      await this.end(queue);
      await this.begin(queue);
    }
  }
}
