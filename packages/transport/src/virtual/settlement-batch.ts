import type { Delivery } from '../delivery.js';
import type { SettlementBatch } from './virtual-types.js';

/** A batch that is being gathered. */
export interface OpenSettlementBatch extends SettlementBatch {
  delays: Map<Delivery, number>;
}

export function emptyBatch(): OpenSettlementBatch {
  return { acked: [], rejected: [], requeued: [], released: [], delays: new Map() };
}

export function isEmpty(batch: SettlementBatch): boolean {
  return batch.acked.length + batch.rejected.length + batch.requeued.length + batch.released.length === 0;
}

/** Puts what could not be sent before what has come since. */
export function prepend(batch: OpenSettlementBatch, unsent: SettlementBatch): void {
  batch.acked = unsent.acked.concat(batch.acked);
  batch.rejected = unsent.rejected.concat(batch.rejected);
  batch.requeued = unsent.requeued.concat(batch.requeued);
  batch.released = unsent.released.concat(batch.released);
  for (const [delivery, delay] of unsent.delays) batch.delays.set(delivery, delay);
}
