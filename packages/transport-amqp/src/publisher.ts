import { randomUUID } from 'node:crypto';
import { PublishError, UnroutableError } from '@pool/transport';
import type { Message as AmqpMessage, ChannelModel, ConfirmChannel, Options } from 'amqplib';
import type { AdminChannel } from './admin-channel.js';
import { declarationError } from './declarations.js';

/** Publishes with confirms: a publish is done when the broker says that it owns the message. */
export class Publisher {
  readonly #connection: ChannelModel;
  readonly #admin: AdminChannel;
  readonly #known = new Set<string>();
  readonly #onUnroutable: () => void;
  /** The ids of the messages whose senders want to know that no queue took them. */
  readonly #wanted = new Set<string>();
  readonly #returned = new Map<string, string>();
  #channel: Promise<ConfirmChannel> | undefined;
  #pending = 0;
  #idle: (() => void)[] = [];

  constructor(connection: ChannelModel, admin: AdminChannel, onUnroutable: () => void) {
    this.#onUnroutable = onUnroutable;
    this.#connection = connection;
    this.#admin = admin;
  }

  /** Resolves when the broker has the message. */
  async publish(
    exchange: string,
    routingKey: string,
    body: Uint8Array,
    options: Options.Publish,
  ): Promise<void> {
    // The broker would close the channel over an unknown exchange, and with it take down the publishes of others.
    if (exchange !== '' && !this.#known.has(exchange)) await this.#check(exchange);
    this.#channel ??= this.#open();
    const channel = await this.#channel;
    const content = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    const id = options.mandatory === true ? (options.messageId ?? randomUUID()) : undefined;
    // What no queue takes comes back, and is counted, whether the caller minds or not.
    const complete = { ...options, mandatory: true, ...(id === undefined ? {} : { messageId: id }) };
    if (id !== undefined) this.#wanted.add(id);
    this.#pending += 1;
    try {
      await new Promise<void>((resolve, reject) => {
        channel.publish(exchange, routingKey, content, complete, (error) =>
          error ? reject(error) : resolve(),
        );
      });
    } catch (cause) {
      throw new PublishError(`the broker did not take a message: ${(cause as Error).message}`, { cause });
    } finally {
      if (id !== undefined) this.#wanted.delete(id);
      this.#pending -= 1;
      if (this.#pending === 0) for (const wake of this.#idle.splice(0)) wake();
    }
    const reason = id === undefined ? undefined : this.#returned.get(id);
    if (id === undefined || reason === undefined) return;
    this.#returned.delete(id);
    throw new UnroutableError(
      `no queue is bound to exchange ${JSON.stringify(exchange)} for routing key ${JSON.stringify(routingKey)}: ${reason}`,
    );
  }

  async #check(exchange: string): Promise<void> {
    try {
      await this.#admin.run((channel) => channel.checkExchange(exchange));
    } catch (error) {
      throw declarationError(`exchange ${exchange}`, {}, error);
    }
    this.#known.add(exchange);
  }

  /** Resolves when no publish is on its way. */
  settled(): Promise<void> {
    return this.#pending === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }

  async #open(): Promise<ConfirmChannel> {
    try {
      const channel = await this.#connection.createConfirmChannel();
      // Told by the publishes that are not confirmed.
      channel.on('error', () => {});
      channel.on('close', () => {
        this.#known.clear();
        this.#channel = undefined;
      });
      channel.on('return', (message: AmqpMessage) => {
        const id: unknown = message.properties.messageId;
        const { replyText } = message.fields as unknown as { replyText?: string };
        this.#onUnroutable();
        if (typeof id === 'string' && this.#wanted.has(id)) this.#returned.set(id, replyText ?? 'unroutable');
      });
      return channel;
    } catch (error) {
      this.#channel = undefined;
      throw error;
    }
  }
}
