import { randomUUID } from 'node:crypto';
import { encodeEnvelope, type Message } from '@pool/message';
import { plainError } from '@pool/redis';
import {
  type BroadcastMessage,
  type BrokerUrl,
  ConnectionError,
  PublishError,
  type QueuedMessage,
  type ResolvedPublishOptions,
} from '@pool/transport';
import type { Keys } from './keys.js';
import type { Client } from './redis-clients.js';
import { isRefusal, reasonOf } from './server-errors.js';

/** A message as kombu's consumers expect it in a list. */
export function encodeForList(message: Message, options: ResolvedPublishOptions): string {
  const { exchange, routingKey } = options;
  const prioritised = { ...message, properties: { ...message.properties, priority: options.priority } };
  return encodeEnvelope(prioritised, { exchange, routingKey, deliveryTag: randomUUID() });
}

/** Gives messages to one server. */
export class Publisher {
  readonly #client: Client;
  readonly #keys: Keys;
  readonly #url: BrokerUrl;

  constructor(client: Client, keys: Keys, url: BrokerUrl) {
    this.#client = client;
    this.#keys = keys;
    this.#url = url;
  }

  /** Pushes all messages, or none. */
  async put(messages: readonly QueuedMessage<string>[]): Promise<void> {
    const lists = new Map<string, string[]>();
    for (const { queue, priority, payload } of messages) {
      const key = this.#keys.list(queue, priority);
      const list = lists.get(key);
      if (list === undefined) lists.set(key, [payload]);
      else list.push(payload);
    }
    await this.#send(async () => {
      const [first] = lists;
      if (lists.size === 1 && first !== undefined) return this.#client.lpush(first[0], ...first[1]);
      const transaction = this.#client.multi();
      for (const [key, payloads] of lists) transaction.lpush(key, ...payloads);
      return execute(transaction);
    });
  }

  async broadcast(messages: readonly BroadcastMessage<string>[]): Promise<void> {
    await this.#send(() =>
      Promise.all(
        messages.map(({ exchange, routingKey, payload }) =>
          this.#client.publish(this.#keys.channel(exchange, routingKey), payload),
        ),
      ),
    );
  }

  /** Pushes a message to be inspected where it lies, among the latest so many. */
  async keep(list: string, envelope: string, maxLength: number): Promise<void> {
    await this.#send(() =>
      execute(
        this.#client
          .multi()
          .lpush(list, envelope)
          .ltrim(list, 0, maxLength - 1),
      ),
    );
  }

  /** Tells a refusal by the server, which concerns these messages, from a connection that is gone. */
  async #send(send: () => Promise<unknown>): Promise<void> {
    try {
      await send();
    } catch (error) {
      const cause = plainError(error);
      const reason = reasonOf(error);
      if (isRefusal(error)) throw new PublishError(`${this.#url} refused a message: ${reason}`, { cause });
      throw new ConnectionError(`the connection to ${this.#url} was lost: ${reason}`, { cause });
    }
  }
}

/** A transaction whose commands all have to work. */
async function execute(transaction: { exec(): Promise<[Error | null, unknown][] | null> }): Promise<void> {
  for (const [error] of (await transaction.exec()) ?? []) if (error !== null) throw error;
}
