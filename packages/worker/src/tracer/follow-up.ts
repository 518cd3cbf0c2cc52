import { type FollowUp, planFailure, planReplace, planSuccess } from '@pool/app';
import type { SignatureData } from '@pool/message';
import { exceptionDocument } from '@pool/results';
import { tracebackOf } from './documents.js';
import type { TaskRun } from './task-run.js';

/** What follows from a success; undefined for most tasks, which nothing follows. Throws for signatures that are wrong. */
export function followSuccess(run: TaskRun, result: unknown): FollowUp | undefined {
  const { callbacks, chain, chord } = run.body.embed;
  const inChord = chord !== null && run.wire[3] !== null;
  if (callbacks === null && chain === null && !inChord) return undefined;
  const encoded = inChord ? run.app.codec.encode(result ?? null).body : NOTHING;
  return planSuccess(run.planning(), run.request, result, encoded);
}

/** What follows from a failure or a revocation. */
export function followFailure(
  run: TaskRun,
  error: unknown,
  state: 'FAILURE' | 'REVOKED',
): FollowUp | undefined {
  const { errbacks, chain, chord } = run.body.embed;
  if (errbacks === null && chain === null && (chord === null || run.wire[3] === null)) return undefined;
  const failure = { document: exceptionDocument(error), traceback: tracebackOf(error), state };
  const followUp = planFailure(run.planning(), run.request, failure);
  // The parent dates them: a Date is no JSON.
  const results = followUp.results.map(({ dateDone: _dateDone, ...result }) => result);
  return { ...followUp, results };
}

/** The task that takes a running one's place. */
export function followReplace(run: TaskRun, signature: SignatureData): FollowUp {
  return planReplace(run.planning(), run.request, signature);
}

const NOTHING = new Uint8Array();
