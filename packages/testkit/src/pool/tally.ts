import type { Watched } from './watched.js';

/** Counts how many of some jobs run at the same time, by what their callbacks tell. */
export class Tally {
  most = 0;
  readonly #running: Set<Watched> = new Set();

  constructor(jobs: readonly Watched[]) {
    for (const job of jobs) {
      const count = (kind: string): void => {
        if (kind === 'accept') this.#running.add(job);
        else if (kind !== 'soft') this.#running.delete(job);
        this.most = Math.max(this.most, this.#running.size);
      };
      // A pool may have started it within the call that handed it in.
      for (const kind of job.kinds) count(kind);
      job.onTold = ({ kind }) => count(kind);
    }
  }
}
