import type { Delivery } from './delivery.js';

/** What a consumer wants, and whom it tells. */
export interface ConsumeOptions {
  /** The queues to take from, in turns. They must have been declared. */
  queues: readonly string[];
  /** The most deliveries that may be held unsettled at once; 0 is unlimited. @default 0 */
  prefetch?: number;
  /** The broker forgets a message in delivering it; nothing is held and nothing needs an ack. @default false */
  noAck?: boolean;
  /**
   * Called with what was there, never with an empty list, never more than the free prefetch, and not before
   * `consume()` has resolved. What it throws is an error of the program: it surfaces as an uncaught exception.
   */
  onDeliveries: (deliveries: Delivery[]) => void;
  /** The broker took one of the queues away (it was deleted, its node died). */
  onCancelled?: (queue: string) => void;
}

/** How long the proof may take. */
export interface ProveOptions {
  /** Seconds. @default 30 */
  timeout?: number;
}

/** Takes messages from queues. Made by `Transport.consume()`. */
export interface Consumer extends AsyncDisposable {
  readonly tag: string;
  readonly queues: readonly string[];
  readonly prefetch: number;
  /** Deliveries held, not yet settled. */
  readonly unacked: number;
  readonly paused: boolean;
  readonly cancelled: boolean;
  /**
   * When the broker last answered this consumer (a poll came back, a delivery or a heartbeat came in), as
   * `performance.now()`; 0 before the first time.
   */
  readonly lastPollAt: number;
  /** Changes the limit of held deliveries. A lower one never takes back what is held. */
  setPrefetch(prefetch: number): Promise<void>;
  /** Takes from one more queue; on one that it takes from already it does nothing. */
  addQueue(queue: string): Promise<void>;
  /** Takes from this queue no more; what is held stays held. */
  cancelQueue(queue: string): Promise<void>;
  /** No call of `onDeliveries` begins from now on; what was on its way goes back to its queue. */
  pause(): void;
  resume(): void;
  /**
   * Ends the consumer. No call of `onDeliveries` begins from now on. What is held stays held, and can still be
   * settled, until the transport closes. Second calls wait for the same end.
   */
  cancel(): Promise<void>;
  /**
   * Proves that the broker would give this consumer a message: asks it now, past every cache. Rejects with
   * `ConsumerStalledError` if it would not, so that a watchdog can rebuild what is broken. A paused or full
   * consumer proves that it could.
   * @throws {ConsumerStalledError}
   */
  proveConsumption(options?: ProveOptions): Promise<void>;
}
