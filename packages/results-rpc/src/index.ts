/**
 * Results as messages on a reply queue, Celery's `rpc://`.
 *
 * @packageDocumentation
 */
import type { ResultStore } from '@pool/results';
import { RpcResultStore, type RpcResultStoreOptions } from './rpc-result-store.js';

export type { RpcResultStoreOptions } from './rpc-result-store.js';

/**
 * Makes a result store that answers through the broker connection in `options.broker`, which an app passes by itself.
 *
 * @throws ResultStoreError without a broker
 */
export default function createResultStore(_url: string, options: RpcResultStoreOptions = {}): ResultStore {
  return new RpcResultStore(options);
}
