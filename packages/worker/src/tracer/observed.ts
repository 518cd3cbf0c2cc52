import type { App, RunTrace, Telemetry, TracedRun } from '@pool/app';
import { ExceptionInfo } from '@pool/core';
import {
  FAILURE,
  IGNORE,
  MALFORMED,
  type Outcome,
  type OutcomeKind,
  REJECT,
  REPLACED,
  REQUEUE,
  RETRY,
  REVOKED,
  SUCCESS,
} from './outcome.js';
import type { Tracer } from './tracer.js';
import type { WireRequest } from './wire-request.js';

/** What a pool runs for the worker. */
export type TracerFunctions = Pick<Tracer, 'trace' | 'traceFailure'>;

const stateOf: Readonly<Record<OutcomeKind, string>> = {
  [SUCCESS]: 'SUCCESS',
  [FAILURE]: 'FAILURE',
  [MALFORMED]: 'FAILURE',
  [RETRY]: 'RETRY',
  [IGNORE]: 'IGNORED',
  [REJECT]: 'REJECTED',
  [REQUEUE]: 'REJECTED',
  [REPLACED]: 'REPLACED',
  [REVOKED]: 'REVOKED',
};

/** The tracer's functions, told to the app's telemetry; without one, as they are. */
export function observed(tracer: Tracer, app: App, hostname: string): TracerFunctions {
  const { telemetry } = app.options;
  if (telemetry === undefined) {
    return { trace: tracer.trace.bind(tracer), traceFailure: tracer.traceFailure.bind(tracer) };
  }
  return {
    trace: (...args) => {
      const [name, id, wire, body] = args;
      const trace = telemetry.begin(tracedRun(name, id, wire, body, hostname));
      return observe(trace, () => tracer.trace(...args));
    },
    traceFailure: (...args) => {
      const [name, id, wire, body, , , , , runtime] = args;
      const startedAt = Date.now() - runtime * 1000;
      const trace = telemetry.begin({ ...tracedRun(name, id, wire, body, hostname), startedAt });
      const outcome = observe(trace, () => tracer.traceFailure(...args));
      // What cost one child may cost the next as well, with all that it has buffered.
      const flush = (): void => void telemetry.flush?.();
      if (outcome instanceof Promise) outcome.then(flush, flush);
      else flush();
      return outcome;
    },
  };
}

/** Tells of a run that nothing is left of but its outcome. */
export function observeEnded(telemetry: Telemetry, run: TracedRun, [kind, , , details]: Outcome): void {
  telemetry.begin(run).end(stateOf[kind], details?.error);
}

/** A request as telemetry sees it. */
export function tracedRun(
  task: string,
  id: string,
  wire: WireRequest,
  body: Uint8Array,
  hostname: string,
): TracedRun {
  return {
    task,
    id,
    headers: wire[21] ?? {},
    routingKey: wire[12],
    bodySize: body.length,
    retries: wire[0],
    rootId: wire[1] ?? id,
    parentId: wire[2],
    group: wire[3],
    redelivered: wire[14],
    hostname,
  };
}

function observe(trace: RunTrace, run: () => Outcome | Promise<Outcome>): Outcome | Promise<Outcome> {
  const ended = (outcome: Outcome): Outcome => {
    trace.end(stateOf[outcome[0]], outcome[3]?.error);
    return outcome;
  };
  // Only what ends the pool's child passes the tracer: a `SystemExit`.
  const threw = (error: unknown): never => {
    trace.end('FAILURE', ExceptionInfo.from(error).toJSON());
    throw error;
  };
  let outcome: Outcome | Promise<Outcome>;
  try {
    outcome = trace.run(run);
  } catch (error) {
    return threw(error);
  }
  return outcome instanceof Promise ? outcome.then(ended, threw) : ended(outcome);
}
