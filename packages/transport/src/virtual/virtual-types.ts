import type { Message } from '@pool/message';
import type { Delivery } from '../delivery.js';

/** One message for one queue, on its way to the broker. */
export interface QueuedMessage<Payload> {
  queue: string;
  /** What `encode` made of the message. Shared by all the queues a message goes to. */
  payload: Payload;
  exchange: string;
  routingKey: string;
  priority: number;
  /** Seconds, or `undefined`. */
  expiration: number | undefined;
  /** Seconds; 0 without `delayedDelivery`. */
  delay: number;
}

/** One message for everybody who listens to an exchange. */
export type BroadcastMessage<Payload> = Omit<QueuedMessage<Payload>, 'queue'>;

/** A route of the binding table, as the broker keeps it. */
export interface StoredBinding {
  queue: string;
  routingKey: string;
}

/** What a consumer asks of the broker. */
export interface TakeRequest {
  /** In the order of their turns: the first has precedence this time. */
  queues: readonly string[];
  /** The most messages to take. */
  max: number;
  consumerTag: string;
  /** Aborts when the consumer stops, for brokers that answer late. */
  signal: AbortSignal;
  /**
   * For an adapter whose take found all there was and that will call `wake()` for the next message: to be called before
   * it answers. The consumer then sleeps without looking and arming once more.
   */
  armed: () => void;
}

/** A message taken from its queue; the broker has recorded that this transport holds it. */
export interface TakenMessage {
  queue: string;
  tag: string | number;
  /** The message, or why it could not be decoded: then it is set aside. */
  message: Message | Error;
  exchange: string;
  routingKey: string;
  redelivered: boolean;
  deliveryCount: number | undefined;
  /** The adapter's own note. */
  handle?: unknown;
}

/** A message to be put where it can be inspected. */
export interface AsideItem {
  queue: string;
  tag: string | number;
  exchange: string;
  routingKey: string;
  /** `undefined` if it could not be decoded: then only the broker has it, under `handle`. */
  message: Message | undefined;
  handle: unknown;
  /** Whether the broker still records it as held. If not, `message` is the only copy. */
  held: boolean;
}

/** Settlements of one event-loop turn. */
export interface SettlementBatch {
  acked: Delivery[];
  rejected: Delivery[];
  /** Back into the queue, marked as redelivered. */
  requeued: Delivery[];
  /** Back into the queue unmarked, at its old place if possible: nobody saw them. */
  released: Delivery[];
  /** The seconds of those in `requeued` that wait before they may be taken again. */
  delays: ReadonlyMap<Delivery, number>;
}
