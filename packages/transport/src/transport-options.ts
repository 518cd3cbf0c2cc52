import type { MessageLimits, OptionNames } from '@pool/message';
import type { BackOffOptions } from './back-off.js';
import type { Delivery } from './delivery.js';

/** What every transport takes; an adapter adds its own. Durations are seconds. */
export interface TransportOptions {
  /** How long one attempt to connect may take. @default 10 */
  connectTimeout?: number;
  /** The waits between attempts to reconnect. */
  reconnect?: BackOffOptions;
  /** Attempts to reconnect before giving up; `Infinity` never does. @default Infinity */
  maxReconnects?: number;
  /** Begin with a random one of several broker URLs, rather than the first. @default false */
  shuffle?: boolean;
  /** Publishes that may wait for a lost connection to return; more are refused. @default 10000 */
  maxWaitingPublishes?: number;
  /**
   * What a message may have in headers, nesting and size; one that has more is set aside before a consumer sees it. An app
   * gives its own, those of its `codec`. @default `DEFAULT_LIMITS` of `@pool/message`
   */
  limits?: Partial<MessageLimits>;
}

/** The names of {@link TransportOptions}: an adapter adds its own, and refuses others by `assertKnownOptions`. */
export const TRANSPORT_OPTION_NAMES: OptionNames<TransportOptions> = {
  connectTimeout: true,
  reconnect: true,
  maxReconnects: true,
  shuffle: true,
  maxWaitingPublishes: true,
  limits: true,
};

/** Where a transport is in its life. */
export type TransportState = 'new' | 'connecting' | 'connected' | 'reconnecting' | 'closing' | 'closed';

/** `PublishOptions` with every default filled in. */
export interface ResolvedPublishOptions {
  exchange: string;
  routingKey: string;
  priority: number;
  expiration: number | undefined;
  delay: number;
  mandatory: boolean;
}

/** `ConsumeOptions` with every default filled in. */
export interface ResolvedConsumeOptions {
  queues: readonly string[];
  prefetch: number;
  noAck: boolean;
  onDeliveries: (deliveries: Delivery[]) => void;
  onCancelled: ((queue: string) => void) | undefined;
}
