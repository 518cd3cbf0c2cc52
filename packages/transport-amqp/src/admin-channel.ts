import type { Channel, ChannelModel } from 'amqplib';

/**
 * The channel for declarations. The broker closes a channel over every refusal, so calls go one after the other, each
 * refusal is told to the call that caused it, and the next call gets a new channel.
 */
export class AdminChannel {
  readonly #connection: ChannelModel;
  #channel: Channel | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(connection: ChannelModel) {
    this.#connection = connection;
  }

  run<T>(call: (channel: Channel) => Promise<T>): Promise<T> {
    const result = this.#last.then(() => this.#run(call));
    this.#last = result.catch(() => {});
    return result;
  }

  async #run<T>(call: (channel: Channel) => Promise<T>): Promise<T> {
    this.#channel ??= await this.#open();
    const channel = this.#channel;
    try {
      return await call(channel);
    } catch (error) {
      this.#channel = undefined;
      await channel.close().catch(() => {});
      throw error;
    }
  }

  async #open(): Promise<Channel> {
    const channel = await this.#connection.createChannel();
    // Told by the call that failed.
    channel.on('error', () => {});
    channel.on('close', () => {
      if (this.#channel === channel) this.#channel = undefined;
    });
    return channel;
  }
}
