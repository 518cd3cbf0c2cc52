import type { DeadlineList, PoolJob } from './pool-job.js';

/** Kept, since test tools put clocks of their own in its place. */
const { performance } = globalThis;

/** Seconds on the monotonic clock, the clock of every time a pool reports. */
export function monotonic(): number {
  return performance.now() / 1000;
}

/** The longest delay a Node timer can hold, in seconds. */
const MAX_TIMER = 2 ** 31 / 1000 - 1;

/** How many lists there may be before empty ones are swept: callers may compute a limit of its own for each job. */
const MAX_IDLE_LISTS = 64;

/**
 * The time limits of a pool's jobs on one timer. Jobs with the same limit pass it in the order they were accepted, so a
 * list for each distinct limit stays sorted by itself: adding and removing a job costs no search and no timer.
 */
export class Deadlines {
  readonly #lists: Map<number, DeadlineList> = new Map();
  readonly #onDeadline: (job: PoolJob) => void;
  #timer: NodeJS.Timeout | undefined = undefined;
  #passing: NodeJS.Immediate | undefined = undefined;
  #timerAt: number = Number.POSITIVE_INFINITY;

  constructor(onDeadline: (job: PoolJob) => void) {
    this.#onDeadline = onDeadline;
  }

  /** Calls back `seconds` after `from`, unless the job is removed before. */
  add(job: PoolJob, from: number, seconds: number): void {
    const list = this.#lists.get(seconds) ?? this.#newList(seconds);
    job.deadline = from + seconds;
    job.deadlineList = list;
    job.earlier = list.tail;
    job.later = undefined;
    if (list.tail === undefined) list.head = job;
    else list.tail.later = job;
    list.tail = job;
    if (job.deadline < this.#timerAt) this.#arm(job.deadline);
  }

  remove(job: PoolJob): void {
    const list = job.deadlineList;
    if (list === undefined) return;
    job.deadlineList = undefined;
    if (job.earlier === undefined) list.head = job.later;
    else job.earlier.later = job.later;
    if (job.later === undefined) list.tail = job.earlier;
    else job.later.earlier = job.earlier;
    job.earlier = undefined;
    job.later = undefined;
  }

  #newList(seconds: number): DeadlineList {
    if (this.#lists.size >= MAX_IDLE_LISTS) {
      for (const idle of this.#lists.values()) if (idle.head === undefined) this.#lists.delete(idle.seconds);
    }
    const list: DeadlineList = { seconds, head: undefined, tail: undefined };
    this.#lists.set(seconds, list);
    return list;
  }

  clear(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#passing);
    this.#timer = undefined;
    this.#timerAt = Number.POSITIVE_INFINITY;
    this.#lists.clear();
  }

  #arm(at: number): void {
    clearTimeout(this.#timer);
    this.#timerAt = at;
    const delay = Math.min(MAX_TIMER, Math.max(0, at - monotonic()));
    this.#timer = setTimeout(() => this.#passSoon(), Math.ceil(delay * 1000));
    // What runs the job keeps the process alive; its limit alone need not.
    this.#timer.unref();
  }

  /** Timers come first when the event loop was held up; a job that ended in time may have told so meanwhile. */
  #passSoon(): void {
    clearImmediate(this.#passing);
    this.#passing = setImmediate(() => this.#pass());
  }

  #pass(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timerAt = Number.POSITIVE_INFINITY;
    const now = monotonic();
    let earliest = Number.POSITIVE_INFINITY;
    const errors: unknown[] = [];
    for (const list of this.#lists.values()) {
      for (let job = list.head; job !== undefined && job.deadline <= now; job = list.head) {
        this.remove(job);
        try {
          this.#onDeadline(job);
        } catch (error) {
          errors.push(error);
        }
      }
      if (list.head === undefined) this.#lists.delete(list.seconds);
      else if (list.head.deadline < earliest) earliest = list.head.deadline;
    }
    if (earliest < this.#timerAt) this.#arm(earliest);
    // A callback threw what may propagate; the other limits hold all the same.
    if (errors.length > 0) throw errors[0];
  }
}
