import type { PoolJob } from './pool-job.js';

/** The jobs of a pool that have not ended. The list runs through the jobs themselves, so a million cost no allocation. */
export class JobList {
  size = 0;
  #head: PoolJob | undefined = undefined;
  #tail: PoolJob | undefined = undefined;
  #waiters: (() => void)[] = [];

  add(job: PoolJob): void {
    job.previous = this.#tail;
    if (this.#tail === undefined) this.#head = job;
    else this.#tail.next = job;
    this.#tail = job;
    this.size += 1;
  }

  remove(job: PoolJob): void {
    if (job.previous === undefined) this.#head = job.next;
    else job.previous.next = job.next;
    if (job.next === undefined) this.#tail = job.previous;
    else job.next.previous = job.previous;
    job.previous = undefined;
    job.next = undefined;
    this.size -= 1;
    if (this.size === 0 && this.#waiters.length > 0) {
      const waiters = this.#waiters;
      this.#waiters = [];
      for (const wake of waiters) wake();
    }
  }

  /**
   * Visits each job that is in the list at the time of the call; the visit may remove jobs. If visits throw, the others
   * are made all the same, and then the first error leaves.
   */
  forEach(visit: (job: PoolJob) => void): void {
    const jobs: PoolJob[] = [];
    for (let job = this.#head; job !== undefined; job = job.next) jobs.push(job);
    const errors: unknown[] = [];
    for (const job of jobs) {
      try {
        if (!job.ready) visit(job);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }

  /** Resolves when the list is empty. */
  drained(): Promise<void> {
    return this.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#waiters.push(resolve));
  }
}
