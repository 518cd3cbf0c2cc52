import type { ChannelModel, ConfirmChannel } from 'amqplib';
import { AdminChannel } from './admin-channel.js';
import { closeConnection } from './connection.js';
import { DelayedDelivery } from './delayed-delivery.js';
import { Publisher } from './publisher.js';

/** Whom a link tells, and what it needs. */
export interface LinkHost {
  /** Opens one more connection to the same broker. */
  open(): Promise<ChannelModel>;
  onLost(error: Error | undefined): void;
  onBlocked(reason: string): void;
  onUnblocked(): void;
  onUnroutable(): void;
}

export interface LinkOptions {
  readonly delayQueueType: 'classic' | 'quorum';
  readonly maxWaitingPublishes: number;
}

/**
 * The connections of one epoch, with what works on them. RabbitMQ stops reading from a connection that publishes while
 * memory or disk runs short; so once there are consumers publishes get a connection of their own, and acks and
 * deliveries go on, which is what lets the broker recover.
 */
export class Link {
  /** Declares and consumes. */
  readonly connection: ChannelModel;
  readonly admin: AdminChannel;
  readonly publisher: Publisher;
  readonly delayed: DelayedDelivery;
  readonly #host: LinkHost;
  readonly #blocked = new Set<ChannelModel>();
  #publishing: Promise<ChannelModel> | undefined;
  #apart = false;
  #closed = false;

  constructor(connection: ChannelModel, host: LinkHost, options: LinkOptions) {
    this.connection = connection;
    this.#host = host;
    this.admin = new AdminChannel(connection);
    this.delayed = new DelayedDelivery(this.admin, options.delayQueueType);
    this.publisher = new Publisher({
      maxWaiting: options.maxWaitingPublishes,
      openChannel: () => this.#openPublishing(),
      checkExchange: (name) => this.admin.run((channel) => channel.checkExchange(name)),
      onUnroutable: () => host.onUnroutable(),
    });
    this.#watch(connection);
    let failure: Error | undefined;
    connection.on('error', (error: Error) => {
      failure = error;
    });
    connection.on('close', (error?: Error) => {
      if (!this.#closed) host.onLost(failure ?? error);
    });
  }

  /** From now on publishes go through a connection of their own. */
  separatePublishes(): void {
    if (this.#apart) return;
    this.#apart = true;
    this.publisher.changeChannel();
  }

  /** @param patience seconds for the broker to answer a farewell */
  async close(patience: number): Promise<void> {
    this.#closed = true;
    const publishing = await this.#publishing?.catch(() => undefined);
    const connections = publishing === undefined ? [this.connection] : [this.connection, publishing];
    await Promise.all(connections.map((connection) => closeConnection(connection, patience)));
  }

  async #openPublishing(): Promise<ConfirmChannel> {
    if (!this.#apart) return this.connection.createConfirmChannel();
    this.#publishing ??= this.#connectAgain();
    return (await this.#publishing).createConfirmChannel();
  }

  /** A broker that grants no second connection gets its publishes through the first. */
  async #connectAgain(): Promise<ChannelModel> {
    try {
      const connection = await this.#host.open();
      connection.on('close', () => {
        this.#publishing = undefined;
      });
      this.#watch(connection);
      return connection;
    } catch {
      return this.connection;
    }
  }

  #watch(connection: ChannelModel): void {
    connection.on('blocked', (reason: string) => {
      this.#blocked.add(connection);
      this.publisher.block(reason);
      if (this.#blocked.size === 1) this.#host.onBlocked(reason);
    });
    const unblock = (): void => {
      if (!this.#blocked.delete(connection) || this.#blocked.size > 0) return;
      this.publisher.unblock();
      this.#host.onUnblocked();
    };
    connection.on('unblocked', unblock);
    connection.on('close', unblock);
  }
}
