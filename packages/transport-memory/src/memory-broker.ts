import type { ExchangeType, QueueDeclaration, StoredBinding } from '@pool/transport';
import { MessageQueue, type StoredMessage } from './message-queue.js';

/** The longest delay a Node timer can hold, in seconds: 24 days. */
const MAX_TIMER = 2 ** 31 / 1000 - 1;

/** Who is told that there may be messages. */
export type WakeListener = (queue: string) => void;

/** A broker in this process: all transports of one name share it. */
export class MemoryBroker {
  readonly exchanges: Map<string, ExchangeType> = new Map();
  readonly #queues = new Map<string, MessageQueue>();
  readonly #declarations = new Map<string, QueueDeclaration>();
  readonly #bindings = new Map<string, StoredBinding[]>();
  readonly #listeners = new Set<WakeListener>();
  readonly #delayed = new Set<NodeJS.Timeout>();

  /** Whether forgetting this broker would lose nothing. */
  get unused(): boolean {
    if (this.#listeners.size > 0 || this.#delayed.size > 0) return false;
    for (const queue of this.#queues.values()) if (queue.length > 0) return false;
    return true;
  }

  attach(listener: WakeListener): void {
    this.#listeners.add(listener);
  }

  detach(listener: WakeListener): void {
    this.#listeners.delete(listener);
  }

  declareQueue(declaration: QueueDeclaration): void {
    this.#declarations.set(declaration.name, declaration);
    this.#queueOf(declaration.name);
  }

  /** Returns the number of messages that went with it. */
  deleteQueue(name: string): number {
    const count = this.size(name);
    this.#queues.delete(name);
    this.#declarations.delete(name);
    for (const [exchange, bindings] of this.#bindings) {
      this.#bindings.set(
        exchange,
        bindings.filter(({ queue }) => queue !== name),
      );
    }
    return count;
  }

  deleteExchange(name: string): void {
    this.exchanges.delete(name);
    this.#bindings.delete(name);
  }

  bindings(exchange: string): readonly StoredBinding[] {
    return this.#bindings.get(exchange) ?? [];
  }

  bind(exchange: string, binding: StoredBinding): void {
    const bindings = this.#bindings.get(exchange) ?? [];
    if (!bindings.some((other) => same(other, binding))) this.#bindings.set(exchange, [...bindings, binding]);
  }

  unbind(exchange: string, binding: StoredBinding): void {
    const bindings = this.#bindings.get(exchange) ?? [];
    this.#bindings.set(
      exchange,
      bindings.filter((other) => !same(other, binding)),
    );
  }

  size(queue: string): number {
    return this.#queues.get(queue)?.length ?? 0;
  }

  purge(queue: string): number {
    const count = this.size(queue);
    this.#queues.delete(queue);
    return count;
  }

  /** Stores a message, `delay` seconds from now. */
  put(item: StoredMessage, delay: number): void {
    if (delay > 0) {
      this.#later(delay, () => this.put(item, 0));
      return;
    }
    const ttl = this.#declarations.get(item.queue)?.messageTtl;
    if (ttl !== undefined) item.expiresAt = Math.min(item.expiresAt, performance.now() + ttl * 1000);
    this.#queueOf(item.queue).push(item);
    this.#tell(item.queue);
  }

  /** Puts messages back where they came from, at the front, in this order. */
  putBack(items: readonly StoredMessage[], delay = 0): void {
    if (delay > 0) {
      this.#later(delay, () => this.putBack(items));
      return;
    }
    const byQueue = new Map<string, StoredMessage[]>();
    for (const item of items) {
      const list = byQueue.get(item.queue);
      if (list === undefined) byQueue.set(item.queue, [item]);
      else list.push(item);
    }
    for (const [name, list] of byQueue) {
      this.#queueOf(name).putBack(list);
      this.#tell(name);
    }
  }

  take(queues: readonly string[], max: number): StoredMessage[] {
    const taken: StoredMessage[] = [];
    const now = performance.now();
    for (const name of queues) {
      if (taken.length === max) break;
      this.#queues.get(name)?.take(max - taken.length, now, taken);
    }
    return taken;
  }

  #queueOf(name: string): MessageQueue {
    let queue = this.#queues.get(name);
    if (queue === undefined) {
      queue = new MessageQueue();
      this.#queues.set(name, queue);
    }
    return queue;
  }

  #later(seconds: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.#delayed.delete(timer);
      if (seconds > MAX_TIMER) this.#later(seconds - MAX_TIMER, work);
      else work();
    }, Math.min(seconds, MAX_TIMER) * 1000);
    // A message in memory dies with the process anyway; it is no reason to keep the process.
    timer.unref();
    this.#delayed.add(timer);
  }

  #tell(queue: string): void {
    for (const listener of this.#listeners) listener(queue);
  }
}

function same(a: StoredBinding, b: StoredBinding): boolean {
  return a.queue === b.queue && a.routingKey === b.routingKey;
}
