/** How a broker ranks messages by priority. */
export interface PriorityCapability {
  /** How many different levels the broker tells apart; the ten numbers 0 to 9 are mapped onto them. */
  levels: number;
  /** Which end of 0 to 9 is served first: `high` on AMQP, `low` on Redis, as with Celery. */
  urgent: 'high' | 'low';
}

/** What a broker can do. A transport declares it; the conformance kit proves it. */
export interface TransportCapabilities {
  /** Fanout exchanges: one publish reaches every bound queue. */
  fanout: boolean;
  /** Topic exchanges with `*` and `#`. */
  topic: boolean;
  /** Remote control and events can work over this broker. */
  remoteControl: boolean;
  /** Ranking by priority, or `false`. */
  priorities: PriorityCapability | false;
  /** `delay` of a publish or a requeue is held by the broker, not by the consumer. */
  delayedDelivery: boolean;
  /** `expiration` of a message and `messageTtl` of a queue are honoured. */
  messageTtl: boolean;
  /** `expires` of a queue is honoured. */
  queueExpiry: boolean;
  /** `setPrefetch` acts on a running consumer. */
  livePrefetch: boolean;
  /** `Delivery.deliveryCount` is known. */
  deliveryCount: boolean;
  /** A queue's `deadLetterExchange` gets what is rejected or expires. (`setAside` works on every broker.) */
  deadLetterExchange: boolean;
  /** Several processes can share the broker. */
  multiProcess: boolean;
  /** Messages outlive the processes that use the broker. */
  persistent: boolean;
  /** What one consumer takes from one queue comes in the order of publishing (within a priority). */
  ordered: boolean;
}

/** The name of something a broker may be able to do. */
export type Capability = keyof TransportCapabilities;
