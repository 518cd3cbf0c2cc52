import type { ChildLink } from './child-link.js';
import type { Scheduling } from './child-pool-options.js';
import type { PoolJob } from './pool-job.js';

/** How many microseconds of estimated work a child may hold in advance. */
const BUDGET = 1000;

/**
 * How many bytes a child may hold when more is sent in advance. The way there and back is little next to handling so many,
 * and what lies about in the meantime pushes everything else out of the CPU's caches.
 */
const LOAD = 64 * 1024;

/** Which child gets a job; see {@link Scheduling}. */
export class Scheduler {
  readonly #scheduling: Scheduling;
  readonly #depth: number;
  readonly #maxTasks: number;

  constructor(scheduling: Scheduling, depth: number, maxTasks: number | undefined) {
    this.#scheduling = scheduling;
    this.#depth = depth;
    this.#maxTasks = maxTasks ?? Number.POSITIVE_INFINITY;
  }

  /** The child for a job, or undefined while it has to wait. */
  pick(links: readonly ChildLink[], job: PoolJob): ChildLink | undefined {
    const scheduling = this.#scheduling;
    const inAdvance = scheduling === 'fast' || job.runTimes?.quick === true;
    let best: ChildLink | undefined;
    for (const link of links) {
      if (link.phase !== 'ready' || link.congested || link.assigned >= this.#maxTasks) continue;
      if (link.held.length === 0) return link;
      if (!inAdvance || link.held.length >= this.#depth || link.stuck || link.weight >= LOAD) continue;
      if (scheduling === 'fair' && !link.retractable) continue;
      if (scheduling === 'fast') {
        if (best === undefined || link.held.length < best.held.length) best = link;
      } else if (link.slowHeld === 0 && link.cost < BUDGET && (best === undefined || link.cost < best.cost))
        best = link;
    }
    return best;
  }
}
