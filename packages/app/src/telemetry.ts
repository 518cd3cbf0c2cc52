import type { OutgoingTask } from './outgoing.js';

/** Headers that carry a trace to whoever reads the message: W3C's `traceparent`, `tracestate` and `baggage`. */
export type TraceHeaders = Readonly<Record<string, string>>;

/** One run of a task, as tracing sees it. */
export interface TracedRun {
  readonly task: string;
  readonly id: string;
  /** The sender's own headers of the message, those of a trace among them. */
  readonly headers: Readonly<Record<string, unknown>>;
  /** The key the message came by: of a message that went straight to a queue, the queue's name. */
  readonly routingKey: string;
  readonly bodySize: number;
  /** 0 for the first run. */
  readonly retries: number;
  readonly rootId: string;
  readonly parentId: string | null;
  readonly group: string | null;
  readonly redelivered: boolean;
  /** The worker's node name. */
  readonly hostname: string;
  /** When it began, in Unix milliseconds, of a run that is told of after its end. @default now */
  readonly startedAt?: number;
}

/** What a run ended with. */
export interface TracedError {
  readonly type: string;
  readonly message: string;
  readonly stack?: string | undefined;
}

/** A run that goes on. */
export interface RunTrace {
  /** Calls a function with the run's trace active, so that what it does and sends becomes part of it. */
  run<T>(fn: () => T): T;
  /**
   * The run has ended; called once. The state is Celery's (`SUCCESS`, `FAILURE`, `RETRY`, `REVOKED`, `REJECTED`,
   * `IGNORED`) or `REPLACED`.
   */
  end(state: string, error?: TracedError): void;
}

/**
 * Follows tasks from their senders through the workers, across processes. It is an option of the app, because producers,
 * workers and the children of pools all have that. Its methods must not throw.
 */
export interface Telemetry {
  /** The headers that carry the trace that is active; `undefined` when none is. */
  headers(): TraceHeaders | undefined;
  /**
   * Publishes a message by calling `publish`, having put its trace into the message's headers. Those it has already come
   * from what made the message, perhaps in another process.
   */
  publish(task: OutgoingTask, publish: () => Promise<void>): Promise<void>;
  /** A run of a task begins. */
  begin(run: TracedRun): RunTrace;
  /** Sends on what is buffered; called before a process ends. */
  flush?(): Promise<void>;
}
