import type { ChildExit } from './child.js';
import type { ChildLink } from './child-link.js';
import { JobDiscardedError, Terminated } from './errors.js';
import { ExceptionInfo } from './exception-info.js';
import { lossOf } from './loss.js';
import type { PoolJob } from './pool-job.js';

/** How often a job may be sent to children that end before they start it. */
const MAX_SENT = 2;

/** What of a pool decides on the jobs of a child that has ended. */
export interface Wishes {
  /** The signal by which the job is to end, if it is. */
  endedBy(job: PoolJob): NodeJS.Signals | undefined;
  /** Whether the job is to be dropped if it has not begun. */
  isDiscarded(job: PoolJob): boolean;
  /** Whether there is no other child to go to. */
  readonly last: boolean;
}

/**
 * What becomes of the jobs that a child held when it ended, in their order: `again` are those to be sent to another,
 * `endings` those that end, and how; undefined for one that has ended before. Those it had started come first.
 */
export function sortHeld(
  link: ChildLink,
  exit: ChildExit,
  wishes: Wishes,
): { again: PoolJob[]; endings: [PoolJob, ExceptionInfo | undefined][] } {
  const { started } = link;
  const again: PoolJob[] = [];
  const endings: [PoolJob, ExceptionInfo | undefined][] = [];
  link.held.toArray().forEach((job, index) => {
    job.link = undefined;
    const signal = wishes.endedBy(job);
    if (index < started - 1) endings.push([job, lossOf(job, link, exit, 'finished', undefined)]);
    else if (index < started) endings.push([job, lossOf(job, link, exit, 'running', signal)]);
    else if (signal !== undefined) endings.push([job, endedBeforeStart(signal)]);
    else if (wishes.isDiscarded(job)) endings.push([job, discarded()]);
    else if (job.sent >= MAX_SENT || wishes.last)
      endings.push([job, lossOf(job, link, exit, 'waiting', undefined)]);
    else if (!job.ready) again.push(job);
  });
  return { again, endings };
}

export function endedBeforeStart(signal: NodeJS.Signals): ExceptionInfo {
  return ExceptionInfo.from(new Terminated('the job was ended before it started', { signal }));
}

export function discarded(): ExceptionInfo {
  return ExceptionInfo.from(new JobDiscardedError('the pool was flushed before anything ran the job'));
}
