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
  return deliveriesOf(batch).length === 0;
}

/** Puts what could not be sent before what has come since. */
export function prepend(batch: OpenSettlementBatch, unsent: SettlementBatch): void {
  batch.acked = unsent.acked.concat(batch.acked);
  batch.rejected = unsent.rejected.concat(batch.rejected);
  batch.requeued = unsent.requeued.concat(batch.requeued);
  batch.released = unsent.released.concat(batch.released);
  for (const [delivery, delay] of unsent.delays) batch.delays.set(delivery, delay);
}

/** All whose settlement is in a batch. */
export function deliveriesOf({ acked, rejected, requeued, released }: SettlementBatch): Delivery[] {
  return [...acked, ...rejected, ...requeued, ...released];
}

/** Takes those out of a batch that need not be sent. */
export function removeFrom(batch: OpenSettlementBatch, isDone: (delivery: Delivery) => boolean): void {
  const isLeft = (delivery: Delivery): boolean => !isDone(delivery);
  batch.acked = batch.acked.filter(isLeft);
  batch.rejected = batch.rejected.filter(isLeft);
  batch.requeued = batch.requeued.filter(isLeft);
  batch.released = batch.released.filter(isLeft);
}
