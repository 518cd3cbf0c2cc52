import type { PoolJob } from './pool-job.js';

/** Jobs in line: an array read from the front, so that a million in it cost no more to take than one. */
export class JobQueue {
  #jobs: (PoolJob | undefined)[] = [];
  #head = 0;

  get length(): number {
    return this.#jobs.length - this.#head;
  }

  push(job: PoolJob): void {
    this.#jobs.push(job);
  }

  peek(): PoolJob | undefined {
    return this.#jobs[this.#head];
  }

  at(index: number): PoolJob | undefined {
    return this.#jobs[this.#head + index];
  }

  shift(): PoolJob | undefined {
    const job = this.#jobs[this.#head];
    if (job === undefined) return undefined;
    this.#jobs[this.#head++] = undefined;
    if (this.#head === this.#jobs.length) {
      this.#jobs = [];
      this.#head = 0;
    } else if (this.#head >= 4096 && this.#head * 2 > this.#jobs.length) {
      this.#jobs = this.#jobs.slice(this.#head);
      this.#head = 0;
    }
    return job;
  }

  toArray(): PoolJob[] {
    return this.#jobs.slice(this.#head) as PoolJob[];
  }

  clear(): void {
    this.#jobs = [];
    this.#head = 0;
  }

  /** Puts jobs before all others, in their order. */
  unshift(jobs: readonly PoolJob[]): void {
    if (jobs.length === 0) return;
    this.#jobs = [...jobs, ...this.#jobs.slice(this.#head)];
    this.#head = 0;
  }

  /** Takes a job out, wherever it is; false if it is not here. */
  remove(job: PoolJob): boolean {
    const index = this.#jobs.indexOf(job, this.#head);
    if (index === -1) return false;
    if (index === this.#head) this.shift();
    else this.#jobs.splice(index, 1);
    return true;
  }
}
