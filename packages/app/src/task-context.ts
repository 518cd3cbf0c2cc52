import type { SignatureData } from '@pool/message';
import type { ResultHandle } from './result-handle.js';
import type { SendOptions } from './send-options.js';
import type { SignatureLike } from './signature-data.js';
import type { ResolvedTaskOptions } from './task-options.js';

/** The message a task runs for, as Celery's `task.request`. Times of day are `Date`, durations are seconds. */
export interface TaskRequest {
  readonly id: string;
  /** The task's name. */
  readonly task: string;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  /** 0 for the first run. */
  readonly retries: number;
  readonly eta: Date | null;
  readonly expires: Date | null;
  /** The hard limit, then the soft one. */
  readonly timelimit: readonly [hard: number | null, soft: number | null];
  /** The first task of the tree this one belongs to, and the one that sent it. */
  readonly rootId: string;
  readonly parentId: string | null;
  readonly group: string | null;
  readonly groupIndex: number | null;
  readonly ignoreResult: boolean;
  readonly correlationId: string | null;
  readonly replyTo: string | null;
  /** The worker's node name. */
  readonly hostname: string;
  readonly deliveryInfo: {
    readonly exchange: string;
    readonly routingKey: string;
    readonly priority: number | null;
    readonly redelivered: boolean;
  };
  /** Which delivery of the message this is, from 1, where the broker counts. */
  readonly deliveryCount: number | null;
  /** The sender's own headers. */
  readonly headers: Readonly<Record<string, unknown>>;
  readonly stamps: Readonly<Record<string, unknown>>;
  readonly stampedHeaders: readonly string[];
  readonly replacedTaskNesting: number;
  readonly origin: string | null;
  /** What follows the task. */
  readonly callbacks: readonly SignatureData[] | null;
  readonly errbacks: readonly SignatureData[] | null;
  /** The rest of the chain, the next task last. */
  readonly chain: readonly SignatureData[] | null;
  readonly chord: SignatureData | null;
}

/** How a retry differs from the first run. */
export interface RetryOptions {
  /** Why. Without retries left, this is what the task fails with. */
  error?: unknown;
  /** Seconds until it. @default the task's `defaultRetryDelay` */
  countdown?: number;
  /** The time of day of it, instead of `countdown`. */
  eta?: Date;
  /** Instead of the task's `maxRetries`. */
  maxRetries?: number | null;
  /** Instead of what the task was called with. */
  args?: readonly unknown[];
  kwargs?: Readonly<Record<string, unknown>>;
  /** Where the retry goes, its limits and so on. @default as the message that runs */
  queue?: string;
  priority?: number;
  expires?: number | Date;
  timeLimit?: number;
  softTimeLimit?: number;
  headers?: Readonly<Record<string, unknown>>;
}

/** What a bound task gets as its first argument: Celery's `self`. */
export interface TaskContext {
  readonly name: string;
  readonly request: TaskRequest;
  readonly options: ResolvedTaskOptions;
  /**
   * Aborts when the task should stop: its soft time limit passed, it was revoked with `terminate`, or the worker
   * ends. `signal.reason` is the error that says which.
   */
  readonly signal: AbortSignal;
  /** Stores a state of your own, such as `PROGRESS` with `{ done: 3, total: 10 }`. Resolves when it is on its way. */
  updateState(state: string, meta?: unknown): Promise<void>;
  /**
   * Ends this run and has the task run again; `throw self.retry(…)` or just call it, it always throws. Throws the
   * given `error`, or `MaxRetriesExceededError`, when there are no retries left.
   */
  retry(options?: RetryOptions): never;
  /** Ends this run and has another task take its place: under the same id, with the same followers. Always throws. */
  replace(signature: SignatureLike): never;
  /** Sends a task by its name, or a signature of any kind, as a child of this one. Resolves when it is published. */
  send(task: string | SignatureLike, args?: readonly unknown[], options?: SendOptions): Promise<ResultHandle>;
}
