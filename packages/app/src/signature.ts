import { createSignature, type SignatureData } from '@pool/message';
import type { App } from './app.js';
import { applySignature } from './apply-signature.js';
import type { AsyncResult } from './async-result.js';
import type { SendOptions } from './send-options.js';
import { type SignatureLike, signatureData } from './signature-data.js';
import { linkList, toWireOptions } from './wire-options.js';

/**
 * A task with arguments and options, to be called later, linked, or put into a workflow. It does not change: methods
 * that add something return a new one.
 */
export class Signature<Result = unknown> {
  /** As it travels, in Celery's spelling. Do not change it. */
  readonly data: SignatureData;
  protected readonly app: App;

  constructor(app: App, data: SignatureData) {
    this.app = app;
    this.data = data;
  }

  /** The name of the task. */
  get task(): string {
    return this.data.task;
  }

  /** The id its task will have, if one was set. */
  get id(): string | undefined {
    const id = this.data.options['task_id'];
    return typeof id === 'string' ? id : undefined;
  }

  /** With options added, or `immutable`: the result of what comes before is then not put before its arguments. */
  set(options: SendOptions & { immutable?: boolean }): Signature<Result> {
    const { immutable = this.data.immutable, kwargs, ...rest } = options;
    return this.with({
      immutable,
      kwargs: kwargs ? { ...this.data.kwargs, ...kwargs } : this.data.kwargs,
      options: { ...this.data.options, ...toWireOptions(rest) },
    });
  }

  /** With a task that is called with the result when this one succeeds. */
  link(...callbacks: SignatureLike[]): Signature<Result> {
    return this.#linked('link', callbacks);
  }

  /** With a task that is called with the failed task's id when this one fails. */
  linkError(...errbacks: SignatureLike[]): Signature<Result> {
    return this.#linked('link_error', errbacks);
  }

  /** Sends it, with `args` before its own arguments and `options` over its own. */
  applyAsync(args: readonly unknown[] = [], options: SendOptions = {}): Promise<AsyncResult<Result>> {
    return applySignature(this.app, this.data, args, options) as Promise<AsyncResult<Result>>;
  }

  /** Sends it, with these arguments before its own. */
  delay(...args: unknown[]): Promise<AsyncResult<Result>> {
    return this.applyAsync(args);
  }

  toJSON(): SignatureData {
    return this.data;
  }

  protected with(changes: Partial<SignatureData>): Signature<Result> {
    return new Signature<Result>(this.app, createSignature(this.data.task, { ...this.data, ...changes }));
  }

  #linked(option: 'link' | 'link_error', links: readonly SignatureLike[]): Signature<Result> {
    const before = this.data.options[option];
    const list = before === undefined || before === null ? [] : (linkList(before as SignatureData[]) ?? []);
    return this.with({ options: { ...this.data.options, [option]: [...list, ...links.map(signatureData)] } });
  }
}
