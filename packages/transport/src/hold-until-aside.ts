import { setTimeout as sleep } from 'node:timers/promises';
import { backOff } from './back-off.js';
import type { Delivery } from './delivery.js';
import { ConnectionError } from './errors.js';
import type { Transport } from './transport.js';

/** Whom to tell, and when to end. */
export interface HoldUntilAsideOptions {
  /**
   * Hears of the first failure, once. A failure by which the connection was lost is none to tell: `disconnected` tells that,
   * and the message is delivered again, or tried again when the connection is back.
   */
  onFailed?(error: Error): void;
  /** Ends the attempts. */
  signal?: AbortSignal;
}

/**
 * Puts a message where it can be inspected. Until that succeeds it is held, and tried again with growing pauses: given back it
 * would come again at once, rejected it might be gone.
 *
 * @returns whether it is there; otherwise `signal` aborted and it is still unsettled, or it is held no more: the transport
 *   closed or lost its connection, and the broker delivers it again
 */
export async function holdUntilAside(
  transport: Transport,
  delivery: Delivery,
  reason: string,
  { onFailed, signal }: HoldUntilAsideOptions = {},
): Promise<boolean> {
  const goesOn = (): boolean => signal?.aborted !== true && transport.holds(delivery);
  let told = false;
  for (let attempt = 0; ; attempt++) {
    try {
      await transport.setAside(delivery, reason);
      return true;
    } catch (error) {
      if (!goesOn()) return false;
      // That a connection is gone may be known here first.
      const isOutage =
        transport.state !== 'connected' || (attempt === 0 && ConnectionError.isInstance(error));
      if (!told && !isOutage) {
        told = true;
        onFailed?.(error as Error);
      }
      await sleep(backOff(attempt) * 1000, undefined, { ref: false, ...(signal && { signal }) }).catch(
        () => {},
      );
      if (!goesOn()) return false;
    }
  }
}
