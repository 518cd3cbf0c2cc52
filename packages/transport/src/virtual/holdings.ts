import type { Delivery } from '../delivery.js';
import type { VirtualConsumer } from './virtual-consumer.js';

/** The consumers of a transport, and the deliveries that were given to them and not settled. */
export class Holdings {
  readonly #held = new Set<Delivery>();
  readonly #consumers = new Map<string, VirtualConsumer>();

  get deliveries(): ReadonlySet<Delivery> {
    return this.#held;
  }

  get consumers(): Iterable<VirtualConsumer> {
    return this.#consumers.values();
  }

  addConsumer(consumer: VirtualConsumer): void {
    this.#consumers.set(consumer.tag, consumer);
  }

  /** A consumer that has ended is remembered while it holds something. */
  forgetConsumer(consumer: VirtualConsumer): void {
    if (consumer.unacked === 0) this.#consumers.delete(consumer.tag);
  }

  hold(delivery: Delivery): void {
    this.#held.add(delivery);
  }

  /** A delivery is held no more, and its consumer has room for another; false if it was not held. */
  free(delivery: Delivery): boolean {
    if (!this.#held.delete(delivery)) return false;
    const consumer = this.#consumers.get(delivery.consumerTag);
    consumer?.settled();
    if (consumer?.cancelled === true) this.forgetConsumer(consumer);
    return true;
  }

  /** Gives up all that is held, and forgets the consumers. */
  clear(): Delivery[] {
    const deliveries = [...this.#held];
    this.#held.clear();
    this.#consumers.clear();
    return deliveries;
  }

  /** There may be messages, in this queue or in any. */
  wake(queue?: string): void {
    for (const consumer of this.#consumers.values()) {
      if (queue === undefined || consumer.queues.includes(queue)) consumer.wake();
    }
  }

  wakeConsumer(tag: string): void {
    this.#consumers.get(tag)?.wake();
  }

  /** Consumers that were full and have room again. */
  wakeHungry(): void {
    for (const consumer of this.#consumers.values()) if (consumer.hungry) consumer.wake();
  }
}
