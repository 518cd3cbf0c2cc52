import type { SignatureData } from '@pool/message';
import type { App } from './app.js';
import { AsyncResult } from './async-result.js';
import type { SendOptions } from './send-options.js';
import { fromWireOptions, toWireOptions } from './wire-options.js';

/** Sends what a signature says, with more arguments before its own and options over its own. */
export async function applySignature(
  app: App,
  data: SignatureData,
  args: readonly unknown[],
  options: SendOptions,
): Promise<AsyncResult> {
  const { kwargs = {} } = options;
  const task = await app.prepare({
    name: data.task,
    args: data.immutable ? data.args : [...args, ...data.args],
    kwargs: data.immutable ? data.kwargs : { ...data.kwargs, ...kwargs },
    options: fromWireOptions({ ...data.options, ...toWireOptions(options) }),
  });
  await app.publish([task]);
  return new AsyncResult(() => app.resultStore(), task.id, { ignored: task.ignoreResult });
}
