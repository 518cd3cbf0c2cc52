/**
 * What a pool and its children say to each other. A message is four values: its kind, the id of the job it is about (0 if
 * none), and two more. A batch is a flat array of messages, one after the other, because that is what every channel
 * carries fastest: JSON and the structured clone alike.
 */

/** To a child, once, first: `a` is a {@link ChildInit}. */
export const INIT = 0;
/** To a child: run a job. `a` is the index of its target, `b` its positional arguments. */
export const JOB = 1;
/** As {@link JOB}, for jobs that have always been short: the child claims it, or takes several at once, see {@link STARTED}. */
export const QUICK_JOB = 2;
/** The target of a quick job that was put up to be claimed and could not be written then: there is nothing to do. */
export const NO_TARGET = -1;
/** As {@link JOB}; `b` is a {@link JobDetails}. */
export const DETAILED_JOB = 3;
/** As {@link QUICK_JOB}; `b` is a {@link JobDetails}. */
export const DETAILED_QUICK_JOB = 4;
/** To a child: the target with the index `id` is export `b` of module `a`. */
export const TARGET = 5;
/** To a child: abort the signal of a running job; `a` is its soft limit in seconds, or 0 when it is to end. */
export const ABORT = 6;
/**
 * To a child: give back the job, if it has not started; every such job if `id` is 0. Not for jobs that are claimed. Answered
 * by {@link RETURNED}.
 */
export const RECALL = 7;
/** To a child: it has the slot of index `id` from now on. */
export const SLOT = 8;
/** To a child: finish, run the shutdown hook, leave. */
export const STOP = 9;

/** From a child, once: it can take jobs. `a` is its process or thread id. */
export const READY = 20;
/**
 * From a child: it takes the job, and all it was sent before, now. A child says so before a job runs, except before a
 * quick one if it claims those, or if that job is all it has: the pool knows that what was sent to a free child is what it
 * runs.
 */
export const STARTED = 21;
/** From a child: the job's value is `a`; it ran `b` microseconds. */
export const DONE = 22;
/** From a child: the job's value is `undefined`; it ran `b` microseconds. */
export const DONE_VOID = 23;
/** From a child: the job failed with `a`, an `ExceptionInfoData`, after `b` microseconds. */
export const FAILED = 24;
/** From a child: it has not started these jobs and will not; `a` is an array of ids. Answers one {@link RECALL}. */
export const RETURNED = 25;
/** From a child: the job's code posted `a` to whoever handed the job in. */
export const POSTED = 26;
/** From a child: its memory is `a` KiB. */
export const MEMORY = 27;
/** From a child: it is about to end, for `a`, an `ExceptionInfoData`; `b` says what it was doing. */
export const FATAL = 28;

/** From a child: it is about to end with exit code `a`, while it runs the job, if any. */
export const LEAVING = 29;

/** How many values a message has. */
export const MESSAGE_WIDTH = 4;

/** A job's arguments with what few jobs have: positional, keyword, correlation id, soft limit in seconds. */
export type JobDetails = readonly [
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>> | null,
  correlationId: string | null,
  softTimeout: number,
];

/** What a child is told first. All of it is plain data. */
export interface ChildInit {
  /** The index of its slot, from 1; 0 for a spare that has none yet. */
  readonly index: number;
  /** What it is called in process lists, up to its index. */
  readonly title: string;
  /** Modules to load before it is ready: absolute paths, `file:` URLs or package names. */
  readonly imports: readonly string[];
  /** A target to run before it is ready. */
  readonly initializer: { readonly module: string; readonly name: string } | null;
  /** A target to run before it leaves; gets its pid and exit code. */
  readonly shutdown: { readonly module: string; readonly name: string } | null;
  /** Whether to report memory after tasks. */
  readonly reportMemory: boolean;
}
