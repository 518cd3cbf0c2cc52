import { NO_KWARGS } from './apply-target.js';
import type { Child } from './child.js';
import {
  ABORT,
  type ChildInit,
  DETAILED_JOB,
  DETAILED_QUICK_JOB,
  INIT,
  JOB,
  type JobDetails,
  NO_TARGET,
  QUICK_JOB,
  RECALL,
  SLOT,
  STOP,
  TARGET,
} from './child-messages.js';
import type { PoolJob } from './pool-job.js';
import type { TargetEntry, TargetTable } from './target-table.js';

/** Puts what a child is told into messages. Nothing is said before there is a child. */
export class ChildOrders {
  readonly #targets: TargetTable;
  #child: Child | undefined = undefined;
  #toldTargets = 0;
  #toldGeneration = 0;
  #jobsWritten = false;

  constructor(targets: TargetTable) {
    this.#targets = targets;
  }

  /** Begins with the child that was spawned, by telling it what it is. */
  begin(child: Child, init: ChildInit): void {
    this.#child = child;
    const loadsNothing = init.imports.length === 0 && init.initializer === null;
    this.#tell(INIT, 0, init, loadsNothing);
  }

  /**
   * Writes a job, to be sent by `flushJobs`.
   *
   * @returns how many bytes or characters it took, if the child counts them
   * @throws NotTransferableError when it cannot be carried
   */
  writeJob(job: PoolJob, target: TargetEntry, quick: boolean): number {
    const child = this.#child as Child;
    this.#jobsWritten = true;
    if (target.index >= this.#toldTargets || this.#toldGeneration !== this.#targets.generation)
      this.#tellTargets(child, target.index);
    const before = child.written ?? 0;
    // First, since writing may send it.
    if (quick) child.claims?.offer(job.id);
    try {
      this.#writeJob(child, job, target, quick);
    } catch (error) {
      if (quick && child.claims?.withdraw() === false) child.write(QUICK_JOB, job.id, NO_TARGET, null);
      throw error;
    }
    return (child.written ?? 0) - before;
  }

  #writeJob(child: Child, job: PoolJob, target: TargetEntry, quick: boolean): void {
    const { options, softTimeout } = job;
    const detailed = options.correlationId !== undefined || softTimeout !== undefined || hasKeys(job.kwargs);
    if (detailed) {
      const details: JobDetails = [
        job.args,
        hasKeys(job.kwargs) ? job.kwargs : null,
        options.correlationId ?? null,
        softTimeout ?? 0,
      ];
      child.write(quick ? DETAILED_QUICK_JOB : DETAILED_JOB, job.id, target.index, details);
    } else child.write(quick ? QUICK_JOB : JOB, job.id, target.index, job.args);
  }

  /** Sends the jobs that were written; `brief` as for `Child.flush`. */
  flushJobs(brief: boolean): void {
    if (!this.#jobsWritten) return;
    this.#jobsWritten = false;
    this.#child?.flush(brief);
  }

  abort(id: number, softTimeout: number): void {
    this.#tell(ABORT, id, softTimeout);
  }

  recall(id: number): void {
    this.#tell(RECALL, id, null);
  }

  assignSlot(index: number): void {
    this.#tell(SLOT, index, null);
  }

  stop(): void {
    this.#tell(STOP, 0, null);
  }

  #tellTargets(child: Child, upTo: number): void {
    if (this.#toldGeneration !== this.#targets.generation) {
      this.#toldGeneration = this.#targets.generation;
      this.#toldTargets = 0;
    }
    for (; this.#toldTargets <= upTo; this.#toldTargets++) {
      const { module, name } = this.#targets.at(this.#toldTargets);
      child.write(TARGET, this.#toldTargets, module, name);
    }
  }

  #tell(kind: number, id: number, a: unknown, brief = false): void {
    if (this.#child === undefined) return;
    this.#child.write(kind, id, a, null);
    this.#child.flush(brief);
  }
}

function hasKeys(object: object): boolean {
  if (object === NO_KWARGS) return false;
  for (const _ in object) return true;
  return false;
}
