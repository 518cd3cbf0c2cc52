import type { OptionNames } from '@pool/message';
import { TRANSPORT_OPTION_NAMES, type TransportOptions } from '@pool/transport';
import type { Options, SocketOptions } from 'amqplib';

/** Options of the AMQP transport. Durations are seconds. */
export interface AmqpTransportOptions extends TransportOptions {
  /** Between heartbeats, as negotiated with the broker; 0 for none. @default 60 */
  heartbeat?: number;
  /** The type of queues that do not name one. @default the broker's, `classic` */
  defaultQueueType?: 'classic' | 'quorum';
  /** The most messages kept aside for each queue; the oldest go first. @default 10000 */
  maxSetAside?: number;
  /** The type of the queues that hold delayed messages. @default 'quorum' */
  delayQueueType?: 'classic' | 'quorum';
  /**
   * Whether a prefetch counts for all consumers of a channel (RabbitMQ 3) or for each (RabbitMQ 4, quorum queues).
   * @default found out from the broker's version and the queues' types
   */
  channelWidePrefetch?: boolean;
  /** TLS options for `amqps://`, as `tls.connect` takes them. */
  tls?: SocketOptions;
  /** More options for amqplib's `connect`, for what has no option here. */
  client?: Options.Connect;
}

/** The names of {@link AmqpTransportOptions}. */
export const AMQP_TRANSPORT_OPTION_NAMES: OptionNames<AmqpTransportOptions> = {
  ...TRANSPORT_OPTION_NAMES,
  heartbeat: true,
  defaultQueueType: true,
  maxSetAside: true,
  delayQueueType: true,
  channelWidePrefetch: true,
  tls: true,
  client: true,
};
