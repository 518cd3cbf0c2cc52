import { randomUUID } from 'node:crypto';
import { ConnectionError, PublishError, UnroutableError } from '@pool/transport';
import type { Message as AmqpMessage, ConfirmChannel, Options } from 'amqplib';
import { declarationError } from './declarations.js';

/** What publishing needs of its connection. */
export interface PublisherPort {
  /** How many publishes may wait for a broker that takes none. */
  readonly maxWaiting: number;
  openChannel(): Promise<ConfirmChannel>;
  /** Rejects if the exchange is not there. */
  checkExchange(name: string): Promise<unknown>;
  /** No queue took a message. */
  onUnroutable(): void;
}

/** Publishes with confirms: a publish is done when the broker says that it owns the message. */
export class Publisher {
  readonly #port: PublisherPort;
  readonly #known = new Set<string>();
  /** The ids of the messages whose senders want to know that no queue took them. */
  readonly #wanted = new Set<string>();
  readonly #returned = new Map<string, string>();
  /** Why the broker closed a channel. */
  readonly #failures = new WeakMap<ConfirmChannel, Error>();
  #channel: Promise<ConfirmChannel> | undefined;
  #blocked: string | undefined;
  #blockedAt = 0;
  #pending = 0;
  /** Those that are on a channel, and not confirmed. */
  #sent = 0;
  #idle: (() => void)[] = [];
  #unsent: (() => void)[] = [];

  constructor(port: PublisherPort) {
    this.#port = port;
  }

  /** Resolves when the broker has the message. */
  async publish(
    exchange: string,
    routingKey: string,
    body: Uint8Array,
    options: Options.Publish,
  ): Promise<void> {
    if (this.#blocked !== undefined && this.#pending >= this.#port.maxWaiting) {
      throw new PublishError(
        `the broker takes no messages (${this.#blocked}) and ${this.#pending} wait for it already`,
      );
    }
    this.#pending += 1;
    try {
      // The broker would close the channel over an unknown exchange, and with it take down the publishes of others.
      if (exchange !== '' && !this.#known.has(exchange)) await this.#check(exchange);
      const content = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
      await this.#send(await this.#openChannel(), exchange, routingKey, content, options);
    } finally {
      this.#pending -= 1;
      if (this.#pending === 0) for (const wake of this.#idle.splice(0)) wake();
    }
  }

  /** The broker takes nothing for now: what is published waits, up to a bound. */
  block(reason: string): void {
    this.#blocked = reason;
    this.#blockedAt = performance.now();
  }

  unblock(): void {
    this.#blocked = undefined;
  }

  /** Resolves when no publish is on its way. */
  settled(): Promise<void> {
    return this.#pending === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Resolves when no publish is on its way, or when the broker has taken none for so many seconds from now. */
  settledOrBlocked(seconds: number): Promise<void> {
    const start = performance.now();
    return new Promise((resolve) => {
      const timer = setInterval(() => {
        if (this.#blocked === undefined) return;
        if (performance.now() - Math.max(start, this.#blockedAt) >= seconds * 1000) done();
      }, 100);
      const done = (): void => {
        clearInterval(timer);
        resolve();
      };
      void this.settled().then(done);
    });
  }

  /** Publishes go on over a newly opened channel, after what is on its way over the present one. */
  changeChannel(): void {
    const before = this.#channel;
    if (before !== undefined) void this.#use(this.#openAfter(before));
  }

  async #openAfter(before: Promise<ConfirmChannel>): Promise<ConfirmChannel> {
    const channel = await before.catch(() => undefined);
    if (this.#sent > 0) await new Promise<void>((resolve) => this.#unsent.push(resolve));
    await channel?.close().catch(() => {});
    return this.#open();
  }

  #openChannel(): Promise<ConfirmChannel> {
    return this.#channel ?? this.#use(this.#open());
  }

  #use(opening: Promise<ConfirmChannel>): Promise<ConfirmChannel> {
    this.#channel = opening;
    const forget = (): void => {
      if (this.#channel === opening) this.#channel = undefined;
    };
    opening.then((channel) => channel.on('close', forget), forget);
    return opening;
  }

  async #open(): Promise<ConfirmChannel> {
    let channel: ConfirmChannel;
    try {
      channel = await this.#port.openChannel();
    } catch (cause) {
      throw lost(cause);
    }
    channel.on('error', (error: Error) => this.#failures.set(channel, error));
    channel.on('close', () => this.#known.clear());
    channel.on('return', (message: AmqpMessage) => {
      const id: unknown = message.properties.messageId;
      const { replyText } = message.fields as unknown as { replyText?: string };
      this.#port.onUnroutable();
      if (typeof id === 'string' && this.#wanted.has(id)) this.#returned.set(id, replyText ?? 'unroutable');
    });
    return channel;
  }

  async #send(
    channel: ConfirmChannel,
    exchange: string,
    routingKey: string,
    content: Buffer,
    options: Options.Publish,
  ): Promise<void> {
    const id = options.mandatory === true ? (options.messageId ?? randomUUID()) : undefined;
    // What no queue takes comes back, and is counted, whether the caller minds or not.
    const complete = { ...options, mandatory: true, ...(id === undefined ? {} : { messageId: id }) };
    if (id !== undefined) this.#wanted.add(id);
    this.#sent += 1;
    let returned: string | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        channel.publish(exchange, routingKey, content, complete, (error) =>
          error ? reject(error) : resolve(),
        );
      });
    } catch (cause) {
      throw publishError(cause as Error, this.#failures.get(channel));
    } finally {
      if (id !== undefined) {
        returned = this.#returned.get(id);
        this.#returned.delete(id);
        this.#wanted.delete(id);
      }
      this.#sent -= 1;
      if (this.#sent === 0) for (const wake of this.#unsent.splice(0)) wake();
    }
    if (returned === undefined) return;
    throw new UnroutableError(
      `no queue is bound to exchange ${JSON.stringify(exchange)} for routing key ${JSON.stringify(routingKey)}: ${returned}`,
    );
  }

  async #check(exchange: string): Promise<void> {
    try {
      await this.#port.checkExchange(exchange);
    } catch (error) {
      throw declarationError(`exchange ${exchange}`, {}, error);
    }
    this.#known.add(exchange);
  }
}

/** `failure`: why the broker closed the channel, if it did. */
function publishError(cause: Error, failure: Error | undefined): Error {
  if (cause.message === 'message nacked') {
    return new PublishError('the broker refused a message: its queue is full, or could not store it', {
      cause,
    });
  }
  if (failure !== undefined) {
    return new PublishError(`the broker closed the channel of a message: ${failure.message}`, {
      cause: failure,
    });
  }
  // Thrown in making the frames; nothing was sent.
  if (cause instanceof RangeError || cause instanceof TypeError) {
    return new PublishError(`a message cannot be sent: ${cause.message}`, { cause });
  }
  return lost(cause);
}

function lost(cause: unknown): ConnectionError {
  const why = (cause as Error).message;
  return new ConnectionError(
    `the connection was lost with a message on its way, which may or may not have arrived: ${why}`,
    { cause },
  );
}
