import type { ApplyOptions } from '@pool/core';
import type { Outcome } from './tracer/outcome.js';

/** How long the hooks of a task that was ended may take, in seconds. */
const LIMIT = 60;

/** The job that makes the outcome of a task which did not end by itself; the bare outcome if that fails too. */
export class FailureJob implements ApplyOptions<Outcome> {
  readonly correlationId: string;
  readonly timeout: number = LIMIT;
  readonly #bare: Outcome;
  readonly #done: (outcome: Outcome) => void;

  constructor(id: string, bare: Outcome, done: (outcome: Outcome) => void) {
    this.correlationId = id;
    this.#bare = bare;
    this.#done = done;
  }

  callback(outcome: Outcome): void {
    this.#done(outcome);
  }

  errorCallback(): void {
    this.#done(this.#bare);
  }
}
