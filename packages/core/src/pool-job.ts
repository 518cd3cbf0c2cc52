import type { ChildLink } from './child-link.js';
import type { ExceptionInfo } from './exception-info.js';
import type { ApplyOptions, Job, JobState } from './job.js';
import type { RunTimes } from './run-times.js';
import type { Target } from './target.js';

/** The list of one limit's jobs, in the order of their deadlines; see {@link Deadlines}. */
export interface DeadlineList {
  readonly seconds: number;
  head: PoolJob | undefined;
  tail: PoolJob | undefined;
}

/** What a job needs of its pool. */
export interface JobOwner {
  terminateJob(job: Job, signal?: NodeJS.Signals): Promise<boolean>;
  /** @internal */
  postFromJob(job: Job, value: unknown): void;
}

/**
 * The job as the base sees it. Fields are plain and the lists run through them, because a pool makes millions of these
 * and most need no promise, no abort controller and no timer.
 */
export class PoolJob<R = unknown> implements Job<R> {
  state: JobState = 'pending';
  pid: number | undefined = undefined;
  acceptedAt: number | undefined = undefined;
  softAnnounced = false;
  /** What holds the job at the moment, for a pool of this package that wants to find it. */
  slot: unknown = undefined;

  /** Neighbours among the pool's unfinished jobs. */
  previous: PoolJob | undefined = undefined;
  next: PoolJob | undefined = undefined;
  /** Neighbours among the jobs with the same limit, and when this one's passes. */
  deadline = 0;
  deadlineList: DeadlineList | undefined = undefined;
  earlier: PoolJob | undefined = undefined;
  later: PoolJob | undefined = undefined;
  /** In a pool of children: which one has the job, how often it was sent to one, and what is known of its run times. */
  link: ChildLink | undefined = undefined;
  sent = 0;
  sentQuick = false;
  /** Whether it was ever taken back, and its message left. */
  takenBack = false;
  weight = 0;
  runTimes: RunTimes | undefined = undefined;

  #outcome: R | ExceptionInfo | undefined = undefined;
  #promise: Promise<R> | undefined = undefined;
  #resolve: ((value: R) => void) | undefined = undefined;
  #reject: ((error: Error) => void) | undefined = undefined;
  #controller: AbortController | undefined = undefined;
  #abortReason: Error | undefined = undefined;

  readonly owner: JobOwner;
  readonly id: number;
  readonly target: Target<R>;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly options: ApplyOptions<R>;
  readonly timeout: number | undefined;
  readonly softTimeout: number | undefined;

  constructor(
    owner: JobOwner,
    id: number,
    target: Target<R>,
    args: readonly unknown[],
    kwargs: Readonly<Record<string, unknown>>,
    options: ApplyOptions<R>,
    timeout: number | undefined,
    softTimeout: number | undefined,
  ) {
    this.owner = owner;
    this.id = id;
    this.target = target;
    this.args = args;
    this.kwargs = kwargs;
    this.options = options;
    this.timeout = timeout;
    this.softTimeout = softTimeout;
  }

  get correlationId(): string | undefined {
    return this.options.correlationId;
  }

  get scheduleKey(): string | undefined {
    return this.options.scheduleKey;
  }

  get ready(): boolean {
    return this.state !== 'pending' && this.state !== 'accepted';
  }

  get result(): Promise<R> {
    this.#promise ??= this.#makePromise();
    return this.#promise;
  }

  #makePromise(): Promise<R> {
    // Without functions of its own, a promise costs half.
    if (this.state === 'success') return Promise.resolve(this.#outcome as R);
    if (this.ready) return Promise.reject((this.#outcome as ExceptionInfo).toError());
    return new Promise<R>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#abortReason !== undefined) this.#controller.abort(this.#abortReason);
    }
    return this.#controller.signal;
  }

  postMessage(value: unknown): void {
    this.owner.postFromJob(this as Job, value);
  }

  terminate(signal?: NodeJS.Signals): Promise<boolean> {
    return this.owner.terminateJob(this as Job, signal);
  }

  abort(reason: Error): void {
    if (this.#abortReason !== undefined) return;
    this.#abortReason = reason;
    this.#controller?.abort(reason);
  }

  settleSuccess(value: R): void {
    this.state = 'success';
    this.#outcome = value;
    this.#resolve?.(value);
  }

  settleFailure(state: 'failure' | 'timeout', info: ExceptionInfo): void {
    this.state = state;
    this.#outcome = info;
    this.#reject?.(info.toError());
  }
}
