import type { JobContext } from './job.js';

interface Holder {
  job: JobContext | undefined;
}

// On globalThis, so that two copies of this package in one process speak of the same job.
const key = Symbol.for('@pool/core.currentJob');
const shared = globalThis as { [key]?: Holder };
shared[key] ??= { job: undefined };
const holder: Holder = shared[key];

/**
 * The job whose target is being called. Known while the target runs synchronously: ask at its start and keep the
 * answer, since after the first `await` another job may be current.
 */
export function currentJob(): JobContext | undefined {
  return holder.job;
}

/** Makes `job` the current one and returns the one before, to be given back when the call returns. */
export function enterJob(job: JobContext | undefined): JobContext | undefined {
  const before = holder.job;
  holder.job = job;
  return before;
}
