import type { ChildEvent } from '@pool/core';
import type { SetAsideRecord } from '@pool/transport';
import type { Request } from './request/request.js';
import type { Outcome } from './tracer/outcome.js';

/** Why a request was revoked. */
export type RevokeReason = 'revoked' | 'expired' | 'terminated';

/**
 * What a worker tells. None of the events needs a listener, and one that has none costs nothing. Events of a task come in
 * this order: received, started, then exactly one of the others; a task that is requeued is received again, by
 * whichever worker takes it.
 */
export interface WorkerEvents {
  /** The worker consumes. */
  ready: [];
  /** A shutdown began, or became a harder one. */
  shuttingDown: [how: 'warm' | 'soft' | 'cold'];
  /** The worker has ended and holds nothing any more. */
  stopped: [];

  taskReceived: [request: Request];
  taskStarted: [request: Request];
  taskSucceeded: [request: Request, outcome: Outcome];
  taskFailed: [request: Request, outcome: Outcome];
  taskRetried: [request: Request, outcome: Outcome];
  taskIgnored: [request: Request];
  taskRejected: [request: Request, requeue: boolean];
  taskRevoked: [request: Request, reason: RevokeReason];
  /** Given back to the broker to be delivered again; nothing was stored. */
  taskRequeued: [request: Request, why: string];
  /** A soft time limit passed; the task goes on. */
  taskSoftTimeout: [request: Request, seconds: number];
  /** A message that cannot be handled was put where it can be inspected. */
  setAside: [record: SetAsideRecord];

  childReady: [child: ChildEvent];
  childLost: [child: ChildEvent & { readonly exitCode: number | null; readonly signal: string | null }];
  childRecycled: [child: ChildEvent & { readonly reason: string }];
  /** The connection to the broker was lost. */
  disconnected: [error: Error];
  /** It is back. */
  connected: [];
}
