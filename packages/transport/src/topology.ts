import type { Binding, ExchangeDeclaration, QueueDeclaration } from './declarations.js';

/** How each kind of thing is declared. */
export interface Declarer {
  exchange(declaration: Required<ExchangeDeclaration>): Promise<unknown>;
  queue(declaration: QueueDeclaration): Promise<unknown>;
  binding(binding: Required<Binding>): Promise<unknown>;
}

/** What was declared through a transport, so that it can be declared again after an outage. */
export class Topology {
  readonly #exchanges = new Map<string, Required<ExchangeDeclaration>>();
  readonly #queues = new Map<string, QueueDeclaration>();
  readonly #bindings = new Map<string, Required<Binding>>();

  exchange(name: string): Required<ExchangeDeclaration> | undefined {
    return this.#exchanges.get(name);
  }

  queue(name: string): QueueDeclaration | undefined {
    return this.#queues.get(name);
  }

  bindingsOf(queue: string): Required<Binding>[] {
    return [...this.#bindings.values()].filter((binding) => binding.queue === queue);
  }

  addExchange(declaration: Required<ExchangeDeclaration>): void {
    this.#exchanges.set(declaration.name, declaration);
  }

  addQueue(declaration: QueueDeclaration): void {
    this.#queues.set(declaration.name, declaration);
  }

  addBinding(binding: Required<Binding>): void {
    this.#bindings.set(keyOf(binding), binding);
  }

  removeExchange(name: string): void {
    this.#exchanges.delete(name);
    for (const [key, binding] of this.#bindings) if (binding.exchange === name) this.#bindings.delete(key);
  }

  removeQueue(name: string): void {
    this.#queues.delete(name);
    for (const [key, binding] of this.#bindings) if (binding.queue === name) this.#bindings.delete(key);
  }

  removeBinding(binding: Required<Binding>): void {
    this.#bindings.delete(keyOf(binding));
  }

  async declareAgain(declarer: Declarer): Promise<void> {
    for (const exchange of this.#exchanges.values()) await declarer.exchange(exchange);
    for (const queue of this.#queues.values()) await declarer.queue(queue);
    for (const binding of this.#bindings.values()) await declarer.binding(binding);
  }

  /** One queue with its bindings and their exchanges; false if it is not known. */
  async declareQueueAgain(name: string, declarer: Declarer): Promise<boolean> {
    const queue = this.#queues.get(name);
    if (queue === undefined) return false;
    const bindings = this.bindingsOf(name);
    for (const { exchange } of bindings) {
      const declaration = this.#exchanges.get(exchange);
      if (declaration !== undefined) await declarer.exchange(declaration);
    }
    await declarer.queue(queue);
    for (const binding of bindings) await declarer.binding(binding);
    return true;
  }
}

function keyOf(binding: Required<Binding>): string {
  return JSON.stringify([binding.exchange, binding.routingKey, binding.queue]);
}
