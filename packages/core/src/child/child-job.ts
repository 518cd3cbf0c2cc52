import type { JobContext } from '../job.js';

/** What a child's `ChildJob` needs of its runner. */
export interface JobPoster {
  post(job: ChildJob, value: unknown): void;
}

/** A job as its own code sees it, inside a child. */
export class ChildJob implements JobContext {
  readonly id: number;
  readonly correlationId: string | undefined;
  readonly #poster: JobPoster;
  #controller: AbortController | undefined = undefined;
  #abortReason: Error | undefined = undefined;

  constructor(id: number, correlationId: string | undefined, poster: JobPoster) {
    this.id = id;
    this.correlationId = correlationId;
    this.#poster = poster;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#abortReason !== undefined) this.#controller.abort(this.#abortReason);
    }
    return this.#controller.signal;
  }

  abort(reason: Error): void {
    if (this.#abortReason !== undefined) return;
    this.#abortReason = reason;
    this.#controller?.abort(reason);
  }

  postMessage(value: unknown): void {
    this.#poster.post(this, value);
  }
}
