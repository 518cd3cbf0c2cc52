import type { Binding, ExchangeType, StoredBinding } from '@pool/transport';
import { nameOf, type Paths } from './paths.js';
import { isMissing, type Session } from './session.js';

/** Exchanges and their bindings, as nodes that everybody reads: what an exchange is, others must know who only publish to it. */
export class BindingTable {
  readonly #place: () => { session: Session; paths: Paths };
  /** The exchanges that each queue was bound to here. */
  readonly #bound = new Map<string, Set<string>>();

  constructor(place: () => { session: Session; paths: Paths }) {
    this.#place = place;
  }

  async declareExchange(name: string, type: ExchangeType): Promise<void> {
    const { session, paths } = this.#place();
    const path = paths.bindings(name);
    await session.ensure(path);
    await session.setData(path, Buffer.from(type));
  }

  async exchangeType(exchange: string): Promise<ExchangeType | undefined> {
    const { session, paths } = this.#place();
    const type = (await session.data(paths.bindings(exchange)))?.toString();
    return type === 'direct' || type === 'topic' || type === 'fanout' ? type : undefined;
  }

  async deleteExchange(name: string): Promise<void> {
    for (const binding of await this.bindings(name)) await this.unbind({ exchange: name, ...binding });
    const { session, paths } = this.#place();
    await session.remove(paths.bindings(name));
  }

  async bindings(exchange: string): Promise<readonly StoredBinding[]> {
    const { session, paths } = this.#place();
    try {
      const names = await session.children(paths.bindings(exchange));
      return names.map((name) => {
        const [routingKey = '', queue = ''] = nameOf(name).split('\u0001');
        return { routingKey, queue };
      });
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  async bind(binding: Required<Binding>): Promise<void> {
    const { exchange, queue } = binding;
    await this.#place().session.ensure(this.#path(binding));
    const exchanges = this.#bound.get(queue) ?? new Set();
    this.#bound.set(queue, exchanges.add(exchange));
  }

  async unbind(binding: Omit<Required<Binding>, 'arguments'>): Promise<void> {
    await this.#place().session.remove(this.#path(binding));
  }

  /** Removes the bindings of a queue to the exchanges that it was bound to here. */
  async unbindQueue(queue: string): Promise<void> {
    for (const exchange of [...(this.#bound.get(queue) ?? [])]) {
      for (const binding of await this.bindings(exchange)) {
        if (binding.queue === queue) await this.unbind({ exchange, ...binding });
      }
    }
  }

  #path({ exchange, queue, routingKey }: Omit<Required<Binding>, 'arguments'>): string {
    const { paths } = this.#place();
    return `${paths.bindings(exchange)}/${paths.step(`${routingKey}\u0001${queue}`)}`;
  }
}
