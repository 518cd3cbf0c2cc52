/**
 * What a pool can do, declared once by its class. The worker reads it at start-up to refuse what cannot be kept, users
 * read it to choose, and the conformance suite proves that each word is true.
 */
export interface PoolCapabilities {
  /** Takes functions as targets; every pool takes references. */
  readonly functions: boolean;
  /** Runs CPU-bound jobs at the same time. */
  readonly parallel: boolean;
  /** Stops the code of a running job for certain, even a busy loop: hard limits and `terminateJob` are real kills. */
  readonly hardKill: boolean;
  /** Jobs can be ended from outside by `terminateJob`; without `hardKill` the code may run on. */
  readonly terminateJob: boolean;
  /**
   * What a soft time limit reaches: `signal` aborts the job's signal, which asynchronous code heeds; `interrupt` also
   * interrupts synchronous code.
   */
  readonly softLimit: 'interrupt' | 'signal' | false;
  /** A job cannot touch the memory of the worker or of other jobs. */
  readonly isolatedMemory: boolean;
  /** A job that crashes what runs it (exit, out of memory, native fault) takes no other job and not the worker along. */
  readonly isolatedCrashes: boolean;
  /** `grow` and `shrink` work while jobs run. */
  readonly resize: boolean;
  /** `restart` works while jobs run. */
  readonly restart: boolean;
  /** What runs jobs is replaced after a number of tasks, a size, or an age. */
  readonly recycle: boolean;
}
