import type { Delivery } from '../delivery.js';
import type { VirtualConsumer } from './virtual-consumer.js';

/** The consumers of a transport, and the deliveries that were given to them and not settled. */
export class Holdings {
  readonly #held = new HeldList();
  readonly #consumers = new Map<string, VirtualConsumer>();

  /** What is held now, in the order it came. */
  get deliveries(): ReadonlySet<Delivery> {
    return new Set(this.#held);
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

  holds(delivery: Delivery): boolean {
    return delivery.held;
  }

  /** A delivery is held no more, and its consumer has room for another; false if it was not held. */
  free(delivery: Delivery): boolean {
    if (!this.#held.remove(delivery)) return false;
    const consumer = this.#consumers.get(delivery.consumerTag);
    consumer?.settled();
    if (consumer?.cancelled === true) this.forgetConsumer(consumer);
    return true;
  }

  /** Gives up all that is held, and forgets the consumers. */
  clear(): Delivery[] {
    const deliveries = [...this.#held];
    for (const delivery of deliveries) this.#held.remove(delivery);
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

/**
 * Deliveries in the order they came. The list runs through themselves: a `Set` of what comes and goes is made anew again
 * and again, and each of its old tables keeps all it held from the collector of young garbage.
 */
class HeldList {
  #head: Delivery | undefined = undefined;
  #tail: Delivery | undefined = undefined;

  add(delivery: Delivery): void {
    delivery.held = true;
    delivery.previous = this.#tail;
    if (this.#tail === undefined) this.#head = delivery;
    else this.#tail.next = delivery;
    this.#tail = delivery;
  }

  /** False if it was not in it. */
  remove(delivery: Delivery): boolean {
    if (!delivery.held) return false;
    const { previous, next } = delivery;
    if (previous === undefined) this.#head = next;
    else previous.next = next;
    if (next === undefined) this.#tail = previous;
    else next.previous = previous;
    delivery.held = false;
    delivery.previous = undefined;
    delivery.next = undefined;
    return true;
  }

  *[Symbol.iterator](): Iterator<Delivery> {
    for (let delivery = this.#head; delivery !== undefined; delivery = delivery.next) yield delivery;
  }
}
