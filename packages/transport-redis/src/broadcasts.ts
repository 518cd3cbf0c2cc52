import { randomUUID } from 'node:crypto';
import { decodeEnvelope, type MessageLimits } from '@pool/message';
import { matchesTopic, type TakenMessage } from '@pool/transport';
import type { Keys } from './keys.js';
import type { Client } from './redis-clients.js';

interface Subscription {
  exchange: string;
  routingKey: string;
}

/**
 * The queues bound to fanout exchanges. On Redis those are no lists: a consumer subscribes to the exchange's channel and
 * keeps what comes in memory until it is taken. What comes while nobody listens is lost, as with kombu.
 */
export class Broadcasts {
  readonly #max: number;
  readonly #limits: Readonly<MessageLimits>;
  readonly #exchanges = new Set<string>();
  readonly #bindings = new Map<string, Subscription[]>();
  readonly #buffers = new Map<string, TakenMessage[]>();
  /** The last message each queue got: two patterns that match one message bring it twice, one after the other. */
  readonly #lastTags = new Map<string, string | number>();
  #listener: Client | undefined;
  #keys: Keys | undefined;
  #onMessage: (queue: string) => void = () => {};

  constructor(max: number, limits: Readonly<MessageLimits>) {
    this.#max = max;
    this.#limits = limits;
  }

  /** Listens on this connection from now on, for everything that is consumed. */
  async attach(listener: Client, keys: Keys, onMessage: (queue: string) => void): Promise<void> {
    this.#listener = listener;
    this.#keys = keys;
    this.#onMessage = onMessage;
    listener.on('pmessage', (_pattern: string, channel: string, text: string) =>
      this.#receive(channel, text),
    );
    for (const queue of this.#buffers.keys()) await this.#subscribe(queue);
  }

  addExchange(exchange: string): void {
    this.#exchanges.add(exchange);
  }

  bind(exchange: string, queue: string, routingKey: string): void {
    if (!this.#exchanges.has(exchange)) return;
    const bindings = this.#bindings.get(queue) ?? [];
    if (bindings.some((known) => known.exchange === exchange && known.routingKey === routingKey)) return;
    this.#bindings.set(queue, [...bindings, { exchange, routingKey }]);
  }

  async unbind(exchange: string, queue: string, routingKey: string): Promise<void> {
    const bindings = this.#bindings.get(queue);
    if (bindings === undefined) return;
    const left = bindings.filter((known) => known.exchange !== exchange || known.routingKey !== routingKey);
    if (left.length === 0) this.#bindings.delete(queue);
    else this.#bindings.set(queue, left);
    await this.#unsubscribe([{ exchange, routingKey }]);
  }

  /** Whether a queue gets broadcasts, and so is no list. */
  has(queue: string): boolean {
    return this.#bindings.has(queue) || this.#buffers.has(queue);
  }

  async begin(queue: string): Promise<void> {
    if (!this.#bindings.has(queue)) return;
    this.#buffers.set(queue, []);
    await this.#subscribe(queue);
  }

  async end(queue: string): Promise<void> {
    if (!this.#buffers.delete(queue)) return;
    this.#lastTags.delete(queue);
    await this.#unsubscribe(this.#bindings.get(queue) ?? []);
  }

  take(queues: readonly string[], max: number): TakenMessage[] {
    if (this.#buffers.size === 0) return [];
    const taken: TakenMessage[] = [];
    for (const queue of queues) {
      const buffer = this.#buffers.get(queue);
      if (buffer !== undefined && taken.length < max) taken.push(...buffer.splice(0, max - taken.length));
    }
    return taken;
  }

  size(queue: string): number {
    return this.#buffers.get(queue)?.length ?? 0;
  }

  purge(queue: string): number {
    return this.#buffers.get(queue)?.splice(0).length ?? 0;
  }

  async #subscribe(queue: string): Promise<void> {
    const patterns = this.#patterns(this.#bindings.get(queue) ?? []);
    if (patterns.length > 0) await this.#listener?.psubscribe(...patterns);
  }

  /** Ends subscriptions that no consumed queue needs any more. */
  async #unsubscribe(bindings: readonly Subscription[]): Promise<void> {
    const needed = new Set(
      [...this.#buffers.keys()].flatMap((queue) => this.#patterns(this.#bindings.get(queue) ?? [])),
    );
    const patterns = this.#patterns(bindings).filter((pattern) => !needed.has(pattern));
    if (patterns.length > 0 && this.#listener?.status === 'ready')
      await this.#listener.punsubscribe(...patterns);
  }

  #patterns(bindings: readonly Subscription[]): string[] {
    const keys = this.#keys;
    if (keys === undefined) return [];
    return bindings.flatMap(({ exchange, routingKey }) => {
      const pattern = keys.channelPattern(exchange, routingKey);
      // Bound without a key means all of it, as fanout does; kombu's producers put no key on what is for all.
      return routingKey === '' ? [pattern, keys.channelPattern(exchange, '#')] : [pattern];
    });
  }

  #receive(channel: string, text: string): void {
    if (this.#keys === undefined) return;
    const { exchange, routingKey } = this.#keys.parseChannel(channel);
    for (const [queue, buffer] of this.#buffers) {
      const bindings = this.#bindings.get(queue) ?? [];
      const wanted = bindings.some(
        (binding) =>
          binding.exchange === exchange &&
          (binding.routingKey === '' || matchesTopic(binding.routingKey, routingKey)),
      );
      const message = wanted ? decode(queue, exchange, routingKey, text, this.#limits) : undefined;
      if (message === undefined || this.#lastTags.get(queue) === message.tag) continue;
      this.#lastTags.set(queue, message.tag);
      if (buffer.length >= this.#max) buffer.shift();
      buffer.push(message);
      this.#onMessage(queue);
    }
  }
}

/** What a channel brought as a message; nothing for what is none, since nobody waits for it. */
function decode(
  queue: string,
  exchange: string,
  routingKey: string,
  text: string,
  limits: Readonly<MessageLimits>,
): TakenMessage | undefined {
  try {
    const { message, deliveryTag } = decodeEnvelope(text, limits);
    const tag = deliveryTag === '' ? randomUUID() : deliveryTag;
    return { queue, tag, message, exchange, routingKey, redelivered: false, deliveryCount: 0 };
  } catch {
    return undefined;
  }
}
