import { NotDeclaredError } from '../errors.js';
import { matchesTopic } from './topic-pattern.js';
import type { StoredBinding } from './virtual-types.js';

/** What routing has to know of an exchange. */
export interface ExchangeTable {
  type: 'direct' | 'topic' | 'fanout' | undefined;
  bindings: readonly StoredBinding[];
}

/**
 * The queues a message goes to, each once, in the order of the bindings.
 * @throws {NotDeclaredError} nobody knows the exchange
 */
export function routeOf(exchange: string, table: ExchangeTable, routingKey: string): string[] {
  const { type, bindings } = table;
  if (type === undefined) {
    throw new NotDeclaredError(
      `the exchange ${JSON.stringify(exchange)} is not declared; call declareExchange first`,
    );
  }
  const queues = new Set<string>();
  for (const binding of bindings) {
    if (
      type === 'fanout' ||
      (type === 'direct' ? binding.routingKey === routingKey : matchesTopic(binding.routingKey, routingKey))
    ) {
      queues.add(binding.queue);
    }
  }
  return [...queues];
}
