/**
 * Results as messages on a reply queue, Celery's `rpc://`.
 *
 * @packageDocumentation
 */
import { assertKnownOptions } from '@pool/message';
import { RESULT_STORE_OPTION_NAMES, type ResultStore } from '@pool/results';
import { RpcResultStore, type RpcResultStoreOptions } from './rpc-result-store.js';

export type { RpcResultStoreOptions } from './rpc-result-store.js';

/**
 * Makes a result store that answers through the broker connection in `options.broker`, which an app passes by itself.
 *
 * @throws ResultStoreError without a broker
 * @throws {TypeError} an option is unknown or wrong
 */
export default function createResultStore(_url: string, options: RpcResultStoreOptions = {}): ResultStore {
  assertKnownOptions('the rpc result store', options, { ...RESULT_STORE_OPTION_NAMES, maxKept: true });
  return new RpcResultStore(options);
}
