import type { Message } from '@pool/message';

/** What became of a delivery. `stale`: it was settled after the broker had taken the message back. */
export type Settlement = 'acked' | 'rejected' | 'requeued' | 'stale';

/** How a delivery is given back. */
export interface RejectOptions {
  /** Put the message back into its queue, rather than drop (or dead-letter) it. @default false */
  requeue?: boolean;
  /** Seconds before it may be taken again. Needs `delayedDelivery`; without it the message is back at once. */
  delay?: number;
  /**
   * Whether somebody began to work on it. `true`, and did not end: it counts as a delivery even where the broker does not
   * count (on a classic queue of RabbitMQ a copy that carries the count goes to the end of the queue). `false`, nobody
   * did: where the broker can, it goes back to its old place as it came, and nothing counts. @default as the broker does
   */
  attempted?: boolean | undefined;
}

/** Who a delivery reports to: the transport it came from. */
export interface DeliveryOwner {
  settleDelivery(
    delivery: Delivery,
    settlement: 'acked' | 'rejected' | 'requeued',
    delay: number,
    attempted: boolean | undefined,
  ): Settlement;
}

/** What an adapter knows of a message it took. */
export interface DeliveryFields {
  message: Message;
  /** The broker's own name for this delivery; unique within `epoch`. */
  tag: string | number;
  queue: string;
  exchange: string;
  routingKey: string;
  redelivered: boolean;
  /** How many times the message had been delivered before, where the broker counts. */
  deliveryCount: number | undefined;
  /** The connection epoch it came in. */
  epoch: number;
  /** The tag of the consumer it is for. */
  consumerTag: string;
  /** Whether the broker forgot the message in delivering it (`noAck`). */
  noAck: boolean;
  /** The adapter's own note; nobody else looks at it. */
  handle?: unknown;
}

/** A message in the hands of a consumer. It stays owned by the broker until it is settled. */
export class Delivery {
  readonly message: Message;
  readonly tag: string | number;
  readonly queue: string;
  readonly exchange: string;
  readonly routingKey: string;
  readonly redelivered: boolean;
  readonly deliveryCount: number | undefined;
  readonly epoch: number;
  readonly consumerTag: string;
  readonly noAck: boolean;
  readonly handle: unknown;
  /** @internal Whether a virtual transport holds it, and its neighbours among what is held. */
  held = false;
  /** @internal */
  previous: Delivery | undefined = undefined;
  /** @internal */
  next: Delivery | undefined = undefined;
  readonly #owner: DeliveryOwner;
  #settled: Settlement | undefined;

  constructor(owner: DeliveryOwner, fields: DeliveryFields) {
    this.#owner = owner;
    this.message = fields.message;
    this.tag = fields.tag;
    this.queue = fields.queue;
    this.exchange = fields.exchange;
    this.routingKey = fields.routingKey;
    this.redelivered = fields.redelivered;
    this.deliveryCount = fields.deliveryCount;
    this.epoch = fields.epoch;
    this.consumerTag = fields.consumerTag;
    this.noAck = fields.noAck;
    this.handle = fields.handle;
    this.#settled = fields.noAck ? 'acked' : undefined;
  }

  /** What became of it, or `undefined` while the consumer holds it. */
  get settled(): Settlement | undefined {
    return this.#settled;
  }

  /**
   * Tells the broker to forget the message. Returns at once; acks of one event-loop turn travel together, and
   * `Transport.flush()` waits for them. Does nothing on a delivery that is settled already.
   */
  ack(): void {
    this.#settled ??= this.#owner.settleDelivery(this, 'acked', 0, undefined);
  }

  /** Gives the message up: dropped, or put back with `requeue`. Batched and idempotent as `ack()`. */
  reject(options: RejectOptions = {}): void {
    const how = options.requeue === true ? 'requeued' : 'rejected';
    this.#settled ??= this.#owner.settleDelivery(this, how, options.delay ?? 0, options.attempted);
  }
}
