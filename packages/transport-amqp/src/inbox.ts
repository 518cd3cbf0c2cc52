import type { Delivery } from '@pool/transport';

/** What came in, until it is handed over: what came in one turn of the event loop together. */
export class Inbox {
  readonly #onDeliveries: (deliveries: Delivery[]) => void;
  readonly #isHeld: () => boolean;
  #waiting: Delivery[] = [];
  #scheduled = false;
  #isOpen = false;

  /** While `isHeld()` is true nothing is handed over; call `proceed()` when that ends. */
  constructor(onDeliveries: (deliveries: Delivery[]) => void, isHeld: () => boolean) {
    this.#onDeliveries = onDeliveries;
    this.#isHeld = isHeld;
  }

  /** Until it is opened, what comes in waits. */
  close(): void {
    this.#isOpen = false;
  }

  open(): void {
    this.#isOpen = true;
    this.proceed();
  }

  add(delivery: Delivery): void {
    this.#waiting.push(delivery);
    this.proceed();
  }

  proceed(): void {
    if (this.#scheduled || !this.#isOpen) return;
    this.#scheduled = true;
    setImmediate(() => this.handOver());
  }

  handOver(): void {
    this.#scheduled = false;
    if (this.#isHeld()) return;
    const deliveries = this.#waiting;
    this.#waiting = [];
    if (deliveries.length > 0) this.#onDeliveries(deliveries);
  }

  /** Takes out what matches. */
  remove(matches: (delivery: Delivery) => boolean): Delivery[] {
    const removed = this.#waiting.filter(matches);
    this.#waiting = this.#waiting.filter((delivery) => !matches(delivery));
    return removed;
  }
}
