import type { Job } from './job.js';

/** How many places are given back at once, so that taking from the front costs no copying. */
const CHUNK = 1024;

/**
 * Jobs waiting for a slot, first come first served. A job that ends while it waits (terminated, discarded) keeps its
 * place until it is passed or until such places outnumber the others.
 */
export class JobLine {
  #jobs: (Job | undefined)[] = [];
  #head = 0;
  #dropped = 0;

  /** How many places there are, those of dropped jobs included. */
  get size(): number {
    return this.#jobs.length - this.#head;
  }

  push(job: Job): void {
    this.#jobs.push(job);
  }

  /** The next job that has not ended, taken out of the line. */
  shift(): Job | undefined {
    while (this.#head < this.#jobs.length) {
      const job = this.#jobs[this.#head];
      this.#jobs[this.#head++] = undefined;
      if (this.#head === this.#jobs.length) {
        this.#jobs = [];
        this.#head = 0;
      } else if (this.#head >= CHUNK && this.#head * 2 >= this.#jobs.length) {
        this.#jobs = this.#jobs.slice(this.#head);
        this.#head = 0;
      }
      if (job !== undefined && !job.ready) return job;
      if (this.#dropped > 0) this.#dropped -= 1;
    }
    return undefined;
  }

  /** Says that a job in the line is about to end and will not be wanted. */
  drop(): void {
    this.#dropped += 1;
    if (this.#dropped < CHUNK || this.#dropped * 2 < this.size) return;
    this.#jobs = this.#jobs.slice(this.#head).filter((job) => !job?.ready);
    this.#head = 0;
    this.#dropped = 0;
  }

  clear(): void {
    this.#jobs = [];
    this.#head = 0;
    this.#dropped = 0;
  }
}
