import type { ResolvedPublishOptions } from '../transport-options.js';

interface Outcome {
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** One publish that waits for its batch. */
export interface PendingPublish<Payload> {
  payload: Payload;
  options: ResolvedPublishOptions;
  /** Only of those that may fail alone; the others share the promise of the batch. */
  outcome: Outcome | undefined;
}

/** The publishes of one event-loop turn: they travel, succeed and fail together. */
export class PublishBatch<Payload> {
  readonly pending: PendingPublish<Payload>[] = [];
  #shared: Promise<void> | undefined;
  #sharedOutcome: Outcome | undefined;

  add(payload: Payload, options: ResolvedPublishOptions): Promise<void> {
    // Only an exchange other than the default one can be unknown, or match no queue.
    if (options.exchange !== '') {
      return new Promise((resolve, reject) => {
        this.pending.push({ payload, options, outcome: { resolve, reject } });
      });
    }
    this.pending.push({ payload, options, outcome: undefined });
    this.#shared ??= new Promise((resolve, reject) => {
      this.#sharedOutcome = { resolve, reject };
    });
    return this.#shared;
  }

  resolve(): void {
    this.#sharedOutcome?.resolve();
    for (const { outcome } of this.pending) outcome?.resolve();
  }

  reject(error: unknown): void {
    this.#sharedOutcome?.reject(error);
    for (const { outcome } of this.pending) outcome?.reject(error);
  }
}
