import type { Job } from './job.js';

/** What a pool with children says of one of them. */
export interface ChildEvent {
  /** The slot's stable index, from 1. */
  readonly index: number;
  /** The process or thread id. */
  readonly pid: number;
}

/** Events of every pool. The first four are eventlet's signals; those of children come from pools that have some. */
export interface PoolEvents {
  /** The capacity is ready. */
  started: [];
  /** A job was handed in. */
  apply: [job: Job];
  /** `stop` begins to wait. */
  preShutdown: [];
  /** The pool has ended. */
  postShutdown: [];
  /** A child is about to be made. */
  beforeChildCreate: [];
  childSpawned: [child: ChildEvent];
  childReady: [child: ChildEvent];
  /**
   * A child left as it was meant to; `reason` is `tasks`, `memory`, `idle`, `age`, `restart`, `shrink` or `stop`, or `exit`
   * when it left on its own, without a job and with a clean exit code.
   */
  childRecycled: [child: ChildEvent & { readonly reason: string }];
  /** A child ended on its own or was killed for a job; `phase` is `starting`, `idle` or `running`. */
  childLost: [
    child: ChildEvent & {
      readonly exitCode: number | null;
      readonly signal: string | null;
      readonly phase: string;
    },
  ];
  /** Children end faster than they can be replaced; the pool waits `delay` seconds before it tries again. */
  unhealthy: [problem: { readonly failures: number; readonly delay: number; readonly error: Error }];
  /** Children come up again. */
  healthy: [];
}
