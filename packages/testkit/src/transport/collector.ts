import assert from 'node:assert/strict';
import type { ConsumeOptions, Consumer, Delivery, Transport } from '@pool/transport';

/** Messages of the suite are text. */
export function textOf(delivery: Delivery): string {
  return Buffer.from(delivery.message.body).toString('utf8');
}

/** A consumer that writes down what it is given. */
export class Collector {
  readonly deliveries: Delivery[] = [];
  readonly batches: number[] = [];
  /** Whether it was given anything before `consume()` had resolved. */
  early = false;
  /** The most it ever held. */
  mostHeld = 0;
  /** What is done with each delivery. */
  each: (delivery: Delivery) => void;
  #consumer: Consumer | undefined;
  #waiting: { count: number; resolve: () => void }[] = [];

  private constructor(each: (delivery: Delivery) => void) {
    this.each = each;
  }

  static async start(
    transport: Transport,
    options: Omit<ConsumeOptions, 'onDeliveries'>,
    each: (delivery: Delivery) => void,
  ): Promise<Collector> {
    const collector = new Collector(each);
    const onDeliveries = (deliveries: Delivery[]): void => collector.#take(deliveries);
    collector.#consumer = await transport.consume({ ...options, onDeliveries });
    return collector;
  }

  get consumer(): Consumer {
    assert.ok(this.#consumer);
    return this.#consumer;
  }

  get texts(): string[] {
    return this.deliveries.map(textOf);
  }

  /** Resolves when that many have come in all. */
  received(count: number): Promise<void> {
    if (this.deliveries.length >= count) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push({ count, resolve });
    });
  }

  #take(deliveries: Delivery[]): void {
    if (this.#consumer === undefined) this.early = true;
    this.batches.push(deliveries.length);
    this.deliveries.push(...deliveries);
    const held = this.deliveries.filter(({ settled }) => settled === undefined).length;
    this.mostHeld = Math.max(this.mostHeld, held);
    for (const delivery of deliveries) this.each(delivery);
    const ready = this.#waiting.filter(({ count }) => this.deliveries.length >= count);
    this.#waiting = this.#waiting.filter(({ count }) => this.deliveries.length < count);
    for (const { resolve } of ready) resolve();
  }
}
