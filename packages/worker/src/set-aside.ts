import { setTimeout as sleep } from 'node:timers/promises';
import { backOff, type Delivery, type Transport } from '@pool/transport';

/**
 * Puts a message where it can be inspected. Until that succeeds it is held, and tried again: given back it would come
 * again at once, rejected it might be gone.
 *
 * @param onFailed hears of the first failure
 * @param signal ends the attempts
 * @returns whether it is there; otherwise it is still unsettled, or the connection it came by is gone and the broker
 *   delivers it again
 */
export async function setAside(
  transport: Transport,
  delivery: Delivery,
  reason: string,
  onFailed: (error: unknown) => void,
  signal?: AbortSignal,
): Promise<boolean> {
  const isOver = (): boolean =>
    delivery.epoch !== transport.epoch || transport.state === 'closed' || signal?.aborted === true;
  for (let attempt = 0; ; attempt++) {
    try {
      await transport.setAside(delivery, reason);
      return true;
    } catch (error) {
      if (attempt === 0) onFailed(error);
      if (isOver()) return false;
      await sleep(backOff(attempt) * 1000, undefined, { ref: false, ...(signal && { signal }) }).catch(
        () => {},
      );
      if (isOver()) return false;
    }
  }
}
