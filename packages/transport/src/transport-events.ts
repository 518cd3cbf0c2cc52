import type { Consumer } from './consumer.js';
import type { Delivery } from './delivery.js';
import type { StaleDeliveryError } from './errors.js';

/** A message that could not be decoded, or that a consumer refused, and was put aside. */
export interface SetAsideRecord {
  queue: string;
  reason: string;
  /** Where it can be inspected: a queue, a folder. */
  place: string;
  tag: string | number;
}

/** What a transport tells, with the arguments of each event. None of them needs a listener. */
export interface TransportEvents {
  /** The connection is up, in this epoch (1 is the first). Consumers are running again. */
  connected: [epoch: number];
  /** The connection was lost; the transport is reconnecting. Told once per outage. */
  disconnected: [error: Error];
  /** An attempt to reconnect failed; the next one is `delay` seconds away. */
  reconnecting: [error: Error, attempt: number, delay: number];
  /** The transport gave up reconnecting, and is closed. */
  failed: [error: Error];
  /** The broker accepts no publishes for now (RabbitMQ out of memory or disk). */
  blocked: [reason: string];
  unblocked: [];
  /** The broker took a queue away from a consumer. */
  consumerCancelled: [consumer: Consumer, queue: string];
  /** A queue that was taken away is there again, and the consumer takes from it. */
  consumerResumed: [consumer: Consumer, queue: string];
  /** A queue that was taken away could not be made again; it is tried once more in `delay` seconds. */
  consumerStalled: [consumer: Consumer, queue: string, error: Error, delay: number];
  /** A settlement came too late; the message is, or will be, delivered again. Counted in `stats.stale`. */
  staleSettlement: [delivery: Delivery, error: StaleDeliveryError];
  /** A message was put aside. Counted in `stats.setAside`. */
  setAside: [record: SetAsideRecord];
  /** A message that nobody can read is put aside instead of being given to a consumer. Told before it is done. */
  refused: [queue: string, reason: string];
  /** A message that nobody can read could not be put aside: it is held, and tried again. Told once for each. */
  setAsideFailed: [queue: string, error: Error];
  /** Messages of a consumer that died were put back into their queues. Counted in `stats.restored`. */
  restored: [count: number];
}

/** Counters since the transport was made. */
export interface TransportStats {
  published: number;
  /** Publishes that matched no queue. */
  unroutable: number;
  delivered: number;
  acked: number;
  rejected: number;
  requeued: number;
  stale: number;
  setAside: number;
  /** Messages of dead consumers that this transport put back. */
  restored: number;
  reconnects: number;
}
