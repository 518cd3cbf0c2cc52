import type { ApplyOptions, Job } from '@pool/core';
import { ThreadsPool, type ThreadsPoolOptions } from '@pool/threads';
import { onTestFinished } from 'vitest';

const module = new URL('fixtures/tasks.mjs', import.meta.url).href;
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

/** A reference to one of the fixture's tasks. */
export const task = (name: string): { module: string; name: string } => ({ module, name });

/** A pool that runs, and is terminated when the test is over. */
export async function started(options: ThreadsPoolOptions = {}): Promise<ThreadsPool> {
  const pool = new ThreadsPool({ limit: 1, logger: quiet, ...options });
  onTestFinished(() => pool.terminate());
  await pool.start();
  return pool;
}

/** Hands in one of the fixture's tasks. */
export function apply(
  pool: ThreadsPool,
  name: string,
  args: readonly unknown[] = [],
  options: ApplyOptions = {},
): Job {
  return pool.applyAsync(task(name), args, {}, options);
}

/** Hands in one of the fixture's tasks and resolves when a thread has started it. */
export async function running(pool: ThreadsPool, name: string, args: readonly unknown[] = []): Promise<Job> {
  return new Promise((resolve) => {
    const job: Job = apply(pool, name, args, { acceptCallback: () => queueMicrotask(() => resolve(job)) });
  });
}
