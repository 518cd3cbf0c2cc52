/** The kinds of exchange Celery uses. */
export type ExchangeType = 'direct' | 'topic' | 'fanout';

/** An exchange as AMQP knows it. A broker with only queues keeps what it can of it. */
export interface ExchangeDeclaration {
  name: string;
  /** @default 'direct' */
  type?: ExchangeType;
  /** Survives a restart of the broker. @default true */
  durable?: boolean;
  /** Goes when its last binding goes. @default false */
  autoDelete?: boolean;
  /** Passed to the broker as they are. */
  arguments?: Readonly<Record<string, unknown>>;
}

/** A queue as AMQP knows it. Durations are seconds. */
export interface QueueDeclaration {
  name: string;
  /** Survives a restart of the broker. @default true */
  durable?: boolean;
  /** Used by this connection only, and goes with it. @default false */
  exclusive?: boolean;
  /** Goes when its last consumer goes. @default false */
  autoDelete?: boolean;
  /** Seconds without a consumer after which the broker may delete the queue. */
  expires?: number;
  /** Seconds after which a waiting message is dropped. */
  messageTtl?: number;
  /** The number of priorities the queue tells apart, where a queue must be told. */
  maxPriority?: number;
  /** How the broker stores the queue, where it has several ways (`classic`, `quorum` on RabbitMQ). */
  queueType?: string;
  /** Where rejected and expired messages go, where the broker does that by itself. */
  deadLetterExchange?: string;
  deadLetterRoutingKey?: string;
  /** Passed to the broker as they are. */
  arguments?: Readonly<Record<string, unknown>>;
}

/** What a queue holds, at the moment it was asked. */
export interface QueueStatus {
  name: string;
  /** Messages that wait; those held by consumers do not count. */
  messageCount: number;
  /** Consumers, as far as the broker knows them. */
  consumerCount: number;
}

/** A route from an exchange to a queue. */
export interface Binding {
  queue: string;
  exchange: string;
  /** For a topic exchange a pattern: `*` is one word, `#` any number of words. @default '' */
  routingKey?: string;
  arguments?: Readonly<Record<string, unknown>>;
}
