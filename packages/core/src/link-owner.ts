import type { ChildExit } from './child.js';
import type { ChildLink } from './child-link.js';
import type { ExceptionInfo } from './exception-info.js';
import type { PoolJob } from './pool-job.js';

/** What a link tells its pool. None of it throws. */
export interface LinkOwner {
  linkReady(link: ChildLink): void;
  jobAccepted(job: PoolJob, link: ChildLink, time: number): void;
  jobSucceeded(job: PoolJob, value: unknown): void;
  jobFailed(job: PoolJob, info: ExceptionInfo): void;
  jobPosted(job: PoolJob, value: unknown): void;
  /** The child gave these back, not started. It was asked for `job`, or for all it could. */
  jobsReturned(jobs: PoolJob[], job: PoolJob | undefined): void;
  /** A batch was dealt with. */
  linkProgressed(link: ChildLink): void;
  linkDrained(link: ChildLink): void;
  /** The child ended; its jobs are still in `held`. */
  linkExited(link: ChildLink, exit: ChildExit): void;
}
