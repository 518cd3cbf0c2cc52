import { currentJob, enterJob } from './current-job.js';
import { SystemExit } from './errors.js';
import { laneNameOnStack } from './inline-lane.js';
import type { JobContext } from './job.js';

/** A pool whose jobs must not end the process. */
export interface ExitWatcher {
  /** The job called `process.exit`. False when it is none of this pool's. */
  exited(job: JobContext, exit: SystemExit): boolean;
  /** What runs on a lane, told by its name, called `process.exit`. */
  laneExited(lane: string, exit: SystemExit): boolean;
}

type Exit = typeof process.exit;

const watchers = new Set<ExitWatcher>();
let original: Exit | undefined;

/**
 * Makes `process.exit` in a job of the watcher's pool a {@link SystemExit} that the job throws; everywhere else it ends
 * the process as ever. A call after an `await` is known by the functions that await it; one from a timer or an event
 * handler of a job is not, and ends the process.
 */
export function watchExit(watcher: ExitWatcher): void {
  watchers.add(watcher);
  if (original !== undefined) return;
  original = process.exit;
  process.exit = guardedExit;
}

export function unwatchExit(watcher: ExitWatcher): void {
  watchers.delete(watcher);
  // Somebody who replaced `process.exit` after us calls ours, which passes everything through by then.
  if (watchers.size > 0 || original === undefined || process.exit !== guardedExit) return;
  process.exit = original;
  original = undefined;
}

const guardedExit: Exit = (code) => {
  const exit = new SystemExit(Number(code ?? process.exitCode ?? 0));
  if (watchers.size > 0 && isOfJob(exit)) throw exit;
  return (original as Exit)(code);
};

function isOfJob(exit: SystemExit): boolean {
  const job = currentJob();
  // Callbacks of the job that run meanwhile are not the job.
  const before = enterJob(undefined);
  try {
    if (job !== undefined) {
      for (const watcher of watchers) if (watcher.exited(job, exit)) return true;
      return false;
    }
    const lane = laneNameOnStack(guardedExit);
    if (lane === undefined) return false;
    for (const watcher of watchers) if (watcher.laneExited(lane, exit)) break;
    return true;
  } finally {
    enterJob(before);
  }
}
