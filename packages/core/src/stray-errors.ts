import { currentJob } from './current-job.js';
import type { JobContext } from './job.js';

/** A pool that wants the errors its jobs throw where nobody can catch them. */
export interface StrayErrorWatcher {
  /** Returns false when the job is none of this pool's. */
  strayError(job: JobContext, error: unknown): boolean;
}

const watchers = new Set<StrayErrorWatcher>();

/**
 * Gives the watcher what jobs throw from timers and event handlers and what they reject unheard. Only where jobs are
 * followed through asynchronous code can these be told from the process's own, which do what they always did.
 */
export function watchStrayErrors(watcher: StrayErrorWatcher): void {
  if (watchers.size === 0) process.on('uncaughtException', onUncaught);
  watchers.add(watcher);
}

export function unwatchStrayErrors(watcher: StrayErrorWatcher): void {
  if (watchers.delete(watcher) && watchers.size === 0) process.off('uncaughtException', onUncaught);
}

function onUncaught(error: unknown): void {
  const job = currentJob();
  if (job !== undefined) {
    for (const watcher of watchers) if (watcher.strayError(job, error)) return;
  }
  if (process.listenerCount('uncaughtException') > 1) return;
  // Nobody else listens: without us the process would have ended here, so it does.
  process.off('uncaughtException', onUncaught);
  process.nextTick(() => {
    throw error;
  });
}
