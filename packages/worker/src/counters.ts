/** What a worker counts since it started, for logs, `stats` and metrics. */
export interface WorkerCounters {
  received: number;
  succeeded: number;
  failed: number;
  retried: number;
  revoked: number;
  rejected: number;
  ignored: number;
  /** Given back to the broker to be delivered again. */
  requeued: number;
  /** Refused and put where they can be inspected. */
  setAside: number;
  /** Messages that came with the broker's mark of having been delivered before. */
  redelivered: number;
  /** Redelivered messages of tasks that this worker was running, or had finished: not run again. */
  deduplicated: number;
  /** Outcomes that could not be stored, in spite of all attempts. */
  unstored: number;
  /** Acks that came too late, because the broker had taken the message back. */
  stale: number;
  childrenLost: number;
  childrenRecycled: number;
  reconnects: number;
}

export function createCounters(): WorkerCounters {
  return {
    received: 0,
    succeeded: 0,
    failed: 0,
    retried: 0,
    revoked: 0,
    rejected: 0,
    ignored: 0,
    requeued: 0,
    setAside: 0,
    redelivered: 0,
    deduplicated: 0,
    unstored: 0,
    stale: 0,
    childrenLost: 0,
    childrenRecycled: 0,
    reconnects: 0,
  };
}
