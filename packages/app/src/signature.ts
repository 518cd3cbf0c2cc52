import { createSignature, type SignatureData } from '@pool/message';
import type { App } from './app.js';
import type { AsyncResult } from './async-result.js';
import type { ResultHandle } from './result-handle.js';
import type { SendOptions } from './send-options.js';
import { type SignatureLike, signatureData } from './signature-data.js';
import { fromWireOptions, toWireOptions } from './wire-options.js';
import { bodyOf, headerOf, kindOf, membersOf } from './workflow/kinds.js';
import { withCallbacks, withErrbacks } from './workflow/steps.js';

/**
 * A task with arguments and options, or a workflow of several, to be sent later, linked, or put into another. It does
 * not change: methods that add something return a new one.
 */
export class Signature<Result = unknown, Handle extends ResultHandle<Result> = AsyncResult<Result>> {
  /** As it travels, in Celery's spelling. Do not change it. */
  readonly data: SignatureData;
  readonly app: App;

  constructor(app: App, data: SignatureData) {
    this.app = app;
    this.data = data;
  }

  /** The name of the task. */
  get task(): string {
    return this.data.task;
  }

  /** The id its result will have, if one was set. */
  get id(): string | undefined {
    const id = this.data.options['task_id'];
    return typeof id === 'string' ? id : undefined;
  }

  /**
   * With options added. `immutable` ones take nothing from what comes before them; of a group that holds for each
   * member. A chain hands queue, exchange, routing key, priority, serializer and compression to all its tasks, and
   * anything else to its first.
   */
  set(options: SendOptions & { immutable?: boolean }): Signature<Result, Handle> {
    const { immutable, kwargs, link, linkError, ...rest } = options;
    const { data } = this;
    const changed = createSignature(data.task, {
      ...data,
      kwargs: kwargs ? { ...data.kwargs, ...kwargs } : data.kwargs,
      options: { ...data.options, ...toWireOptions(rest) },
    });
    const linked = this.#with(immutable === undefined ? changed : withImmutable(changed, immutable));
    const links = link ? linked.link(...asList(link)) : linked;
    return linkError ? links.linkError(...asList(linkError)) : links;
  }

  /**
   * With tasks that are called with the result when this one succeeds. Those of a chain follow its last task, those
   * of a chord its body.
   * @throws {TypeError} it is a group; make it the header of a chord
   */
  link(...callbacks: SignatureLike[]): Signature<Result, Handle> {
    return this.#with(withCallbacks(this.data, callbacks.map(signatureData)));
  }

  /**
   * With tasks that are called with the failed task's id when this one fails. Those of a chain or a group hold for
   * each of its tasks, those of a chord for its body.
   */
  linkError(...errbacks: SignatureLike[]): Signature<Result, Handle> {
    return this.#with(withErrbacks(this.data, errbacks.map(signatureData)));
  }

  /** With stamps: headers that are also put on all that follows. */
  stamp(stamps: Readonly<Record<string, unknown>>): Signature<Result, Handle> {
    return this.#with(stamped(this.data, stamps));
  }

  /**
   * Sends it, with `args` before its own arguments and `options` over its own. Resolves when the broker has what is
   * to be sent now; the rest follows as tasks end.
   */
  applyAsync(args: readonly unknown[] = [], options: SendOptions = {}): Promise<Handle> {
    return this.app.sendSignature(this.data, args, options) as Promise<ResultHandle> as Promise<Handle>;
  }

  /** Sends it, with these arguments before its own. */
  delay(...args: unknown[]): Promise<Handle> {
    return this.applyAsync(args);
  }

  toJSON(): SignatureData {
    return this.data;
  }

  #with(data: SignatureData): Signature<Result, Handle> {
    return new Signature<Result, Handle>(this.app, data);
  }
}

function asList(links: SignatureLike | readonly SignatureLike[]): readonly SignatureLike[] {
  return Array.isArray(links) ? links : [links as SignatureLike];
}

function withImmutable(signature: SignatureData, immutable: boolean): SignatureData {
  if (kindOf(signature) !== 'group') return { ...signature, immutable };
  const tasks = membersOf(signature).map((member) => withImmutable(member, immutable));
  return { ...signature, kwargs: { ...signature.kwargs, tasks } };
}

/** Stamps go to the tasks themselves, wherever they are in a workflow. */
function stamped(signature: SignatureData, stamps: Readonly<Record<string, unknown>>): SignatureData {
  const { kwargs, options } = signature;
  switch (kindOf(signature)) {
    case 'chain':
    case 'group':
      return {
        ...signature,
        kwargs: { ...kwargs, tasks: membersOf(signature).map((one) => stamped(one, stamps)) },
      };
    case 'chord': {
      const header = stamped(headerOf(signature), stamps);
      return { ...signature, kwargs: { ...kwargs, header, body: stamped(bodyOf(signature), stamps) } };
    }
    default: {
      const before = fromWireOptions(options).stamps ?? {};
      return {
        ...signature,
        options: { ...options, ...toWireOptions({ stamps: { ...before, ...stamps } }) },
      };
    }
  }
}
