import { READY_STATES, type ResultDocument } from '@pool/message';
import { ResultTimeoutError } from './errors.js';
import type { WaitOptions } from './result-store.js';

/** The longest delay a Node timer can hold, in seconds. */
const MAX_TIMER = 2 ** 31 / 1000 - 1;

type Watch = (
  id: string,
  listener: (document: ResultDocument) => void,
  onError: (error: Error) => void,
) => () => void;

/** Watches until every task is ready. */
export function waitFor(
  watch: Watch,
  ids: readonly string[],
  options: WaitOptions,
): Promise<ResultDocument[]> {
  const { signal, sent, timeout, onReady } = options;
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const missing = new Set(ids);
    const found = new Map<string, ResultDocument>();
    const stops: (() => void)[] = [];
    let timer: NodeJS.Timeout | undefined;

    function end(): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      for (const stop of stops.splice(0)) stop();
    }
    function fail(error: unknown): void {
      end();
      reject(error);
    }
    function onAbort(): void {
      fail(signal?.reason);
    }
    function onDocument(id: string, document: ResultDocument): void {
      if (!READY_STATES.has(document.status) || !missing.delete(id)) return;
      found.set(id, document);
      onReady?.(document);
      if (missing.size === 0) finish();
    }
    function finish(): void {
      end();
      resolve(ids.map((id) => found.get(id) as ResultDocument));
    }

    if (missing.size === 0) return finish();
    signal?.addEventListener('abort', onAbort, { once: true });
    sent?.catch(fail);
    // Longer than a timer can hold, 24 days, is as long as it takes.
    if (timeout !== undefined && timeout < MAX_TIMER) {
      timer = setTimeout(() => fail(new ResultTimeoutError([...missing], timeout)), timeout * 1000);
    }
    for (const id of missing) stops.push(watch(id, (document) => onDocument(id, document), fail));
  });
}
