import { NotDeclaredError, UnroutableError } from '../errors.js';
import type { PendingPublish, PublishBatch } from './publish-batch.js';
import { matchesTopic } from './topic-pattern.js';
import type { BroadcastMessage, QueuedMessage, StoredBinding } from './virtual-types.js';

/** What routing has to know of an exchange. */
export interface ExchangeTable {
  type: 'direct' | 'topic' | 'fanout' | undefined;
  bindings: readonly StoredBinding[];
  /** Whether the broker reaches every listener by itself. */
  broadcast: boolean;
}

/** A batch, taken apart by where its messages go. */
export interface Routed<Payload> {
  queued: QueuedMessage<Payload>[];
  broadcasts: BroadcastMessage<Payload>[];
  unroutable: number;
  /** Messages whose publish was rejected. */
  refused: number;
}

/**
 * Finds the queues of every message of a batch. A table is asked for once for all messages of its exchange. A message
 * that cannot be routed fails alone.
 */
export async function route<Payload>(
  batch: PublishBatch<Payload>,
  tableOf: (exchange: string) => Promise<ExchangeTable>,
): Promise<Routed<Payload>> {
  const routed: Routed<Payload> = { queued: [], broadcasts: [], unroutable: 0, refused: 0 };
  const tables = new Map<string, ExchangeTable>();
  for (const publish of batch.pending) {
    const { exchange, routingKey } = publish.options;
    if (exchange === '') {
      routed.queued.push(queuedFor(publish, routingKey));
      continue;
    }
    let table = tables.get(exchange);
    if (table === undefined) {
      table = await tableOf(exchange);
      tables.set(exchange, table);
    }
    routeByTable(publish, table, routed);
  }
  return routed;
}

function routeByTable<Payload>(
  publish: PendingPublish<Payload>,
  table: ExchangeTable,
  routed: Routed<Payload>,
): void {
  const { exchange, routingKey, mandatory } = publish.options;
  if (table.type === undefined) {
    routed.refused += 1;
    publish.outcome?.reject(
      new NotDeclaredError(
        `the exchange ${JSON.stringify(exchange)} is not declared; call declareExchange first`,
      ),
    );
    return;
  }
  if (table.broadcast) {
    routed.broadcasts.push(broadcastOf(publish));
    return;
  }
  const queues = queuesOf(table, routingKey);
  for (const queue of queues) routed.queued.push(queuedFor(publish, queue));
  if (queues.size > 0) return;
  routed.unroutable += 1;
  if (!mandatory) return;
  routed.refused += 1;
  publish.outcome?.reject(
    new UnroutableError(
      `no queue is bound to exchange ${JSON.stringify(exchange)} for routing key ${JSON.stringify(routingKey)}`,
    ),
  );
}

function queuesOf({ type, bindings }: ExchangeTable, routingKey: string): Set<string> {
  const queues = new Set<string>();
  for (const { queue, routingKey: bound } of bindings) {
    const matches =
      type === 'fanout' || (type === 'direct' ? bound === routingKey : matchesTopic(bound, routingKey));
    if (matches) queues.add(queue);
  }
  return queues;
}

function broadcastOf<Payload>({ payload, options }: PendingPublish<Payload>): BroadcastMessage<Payload> {
  const { exchange, routingKey, priority, expiration, delay } = options;
  return { payload, exchange, routingKey, priority, expiration, delay };
}

function queuedFor<Payload>(
  { payload, options }: PendingPublish<Payload>,
  queue: string,
): QueuedMessage<Payload> {
  const { exchange, routingKey, priority, expiration, delay } = options;
  return { queue, payload, exchange, routingKey, priority, expiration, delay };
}
