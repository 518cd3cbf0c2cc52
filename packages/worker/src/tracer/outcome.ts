import type { FollowUp } from '@pool/app';
import type { ExceptionInfoData } from '@pool/core';
import type { EncodedBody } from '@pool/message';

/** What a run of a task asked for at its end. Numbers, because they cross from a child with every task. */
export const SUCCESS = 0;
export const FAILURE = 1;
export const RETRY = 2;
export const IGNORE = 3;
export const REJECT = 4;
export const REQUEUE = 5;
/** Another task takes this one's place: there is no outcome yet. */
export const REPLACED = 6;
/** The message's body could not be decoded. */
export const MALFORMED = 7;
/** Nobody wants it any more. */
export const REVOKED = 8;

export type OutcomeKind =
  | typeof SUCCESS
  | typeof FAILURE
  | typeof RETRY
  | typeof IGNORE
  | typeof REJECT
  | typeof REQUEUE
  | typeof REPLACED
  | typeof MALFORMED
  | typeof REVOKED;

/** How the message of a retry differs from the one that ran. */
export interface PreparedRetry {
  /** When it may run, ISO 8601. */
  readonly eta: string;
  /** Seconds until then, for the log. */
  readonly seconds: number;
  /** The arguments, when they are others. */
  readonly body?: EncodedBody;
  readonly queue?: string;
  readonly priority?: number;
  /** ISO 8601. */
  readonly expires?: string;
  readonly timelimit?: readonly [hard: number | null, soft: number | null];
  readonly headers?: Readonly<Record<string, unknown>>;
}

/** What most runs have none of. */
export interface OutcomeDetails {
  /** The result for log lines and events, shortened. */
  repr?: string;
  /** What it failed with, is retried or rejected for. */
  error?: ExceptionInfoData;
  retry?: PreparedRetry;
  /** What follows the task: to be done before its message is done with. Its failures have no `dateDone` yet. */
  followUp?: FollowUp;
}

/**
 * How a run ended, as the pool's side reports it: the kind, the encoded result document or null if nothing is to be
 * stored, the seconds it ran, and the rest. An array, since it is the smallest thing that crosses to the parent.
 */
export type Outcome = readonly [
  kind: OutcomeKind,
  document: Uint8Array | null,
  runtime: number,
  details: OutcomeDetails | null,
];
