import { AsyncLocalStorage } from 'node:async_hooks';
import type { JobContext } from './job.js';

interface Holder {
  job: JobContext | undefined;
  storage?: AsyncLocalStorage<JobContext> | undefined;
}

// On globalThis, so that two copies of this package in one process speak of the same job.
const key = Symbol.for('@pool/core.currentJob');
const shared = globalThis as { [key]?: Holder };
shared[key] ??= { job: undefined };
const holder: Holder = shared[key];

/**
 * The job whose target is being called. Known while the target runs synchronously: ask at its start and keep the
 * answer, since after the first `await` another job may be current. Where a pool follows its jobs through asynchronous
 * code (the option `asyncContext` of pools that run jobs in this process) it is known there too.
 */
export function currentJob(): JobContext | undefined {
  return holder.job ?? holder.storage?.getStore();
}

/** Makes `job` the current one and returns the one before, to be given back when the call returns. */
export function enterJob(job: JobContext | undefined): JobContext | undefined {
  const before = holder.job;
  holder.job = job;
  return before;
}

/** What carries the job through asynchronous code, made when first wanted: while it is in use every promise costs more. */
export function jobStorage(): AsyncLocalStorage<JobContext> {
  holder.storage ??= new AsyncLocalStorage();
  return holder.storage;
}
