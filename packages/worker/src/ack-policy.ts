import type { ResolvedTaskOptions } from '@pool/app';

/**
 * How an attempt at a task ended, as far as its message is concerned.
 *
 * `discarded`: nothing started it. `cancelled`: it was running when the worker was stopped cold.
 */
export type Ending =
  | 'success'
  | 'failure'
  | 'retry'
  | 'ignore'
  | 'reject'
  | 'requeue'
  | 'timeout'
  | 'lost'
  | 'revoked'
  | 'discarded'
  | 'cancelled';

/** What the broker is told of a message. `aside`: it is kept where it can be inspected. */
export type Settling = 'ack' | 'reject' | 'requeue' | 'aside';

/** What follows from an ending. */
export interface Verdict {
  /** What the broker is told; ignored for a message that was acknowledged before. */
  readonly settle: Settling;
  /** Whether the outcome stands: it is stored, announced and followed up. Otherwise the task runs again. */
  readonly final: boolean;
}

/** The task options that decide. */
export type AckOptions = Pick<
  ResolvedTaskOptions,
  'acksOnFailure' | 'acksOnTimeout' | 'rejectOnWorkerLost' | 'maxDeliveries'
>;

const done: Verdict = { settle: 'ack', final: true };
const refused: Verdict = { settle: 'reject', final: true };
const again: Verdict = { settle: 'requeue', final: false };
const poison: Verdict = { settle: 'aside', final: true };

/**
 * What becomes of a message whose task ended: Celery's matrix (`celery.worker.request.Request.on_failure`), in one
 * place, so that what is stored and what the broker is told never disagree. Two things differ from Celery. A message
 * that is to be delivered again leaves no state behind. And the number of deliveries is bounded: after
 * `maxDeliveries` a task that keeps killing its process, or keeps timing out, is failed and its message set aside.
 *
 * @param held whether the message is still the broker's, because it was not acknowledged when the task began
 * @param deliveries which delivery this is, from 1
 */
export function judge(ending: Ending, options: AckOptions, held: boolean, deliveries: number): Verdict {
  switch (ending) {
    case 'success':
    case 'retry':
    case 'ignore':
    case 'revoked':
      return done;
    case 'reject':
      return refused;
    case 'requeue':
    case 'discarded':
      return again;
    case 'cancelled':
      return held ? again : done;
    case 'failure':
      return options.acksOnFailure ? done : refused;
    case 'timeout':
      if (!held || options.acksOnTimeout) return done;
      return deliveries < options.maxDeliveries ? again : poison;
    case 'lost':
      if (!held) return done;
      if (!options.rejectOnWorkerLost) return options.acksOnFailure ? done : refused;
      return deliveries < options.maxDeliveries ? again : poison;
  }
}
