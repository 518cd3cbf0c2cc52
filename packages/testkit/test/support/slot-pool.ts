import { InlinePool } from '@pool/core';

/** A correct pool of `limit` slots in this process, from which broken ones are made. */
export class SlotPool extends InlinePool {
  protected override openSlot(granted: (release: () => void) => void): void {
    granted(() => {});
  }
}
