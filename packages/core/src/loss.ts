import type { ChildExit } from './child.js';
import type { ChildLink } from './child-link.js';
import { type LossDetails, Terminated, WorkerLostError } from './errors.js';
import { ExceptionInfo } from './exception-info.js';
import type { PoolJob } from './pool-job.js';

/** How the job of a child that ended is to be told, or undefined when it has been told already. */
export function lossOf(
  job: PoolJob,
  link: ChildLink,
  exit: ChildExit,
  phase: 'waiting' | 'running' | 'finished',
  terminatedBy: NodeJS.Signals | undefined,
): ExceptionInfo | undefined {
  if (job.ready) return undefined;
  if (terminatedBy !== undefined)
    return ExceptionInfo.from(
      new Terminated(`the job was ended by ${terminatedBy}`, { signal: terminatedBy }),
    );
  const details: LossDetails = { pid: link.pid, phase };
  if (exit.exitCode !== null) details.exitCode = exit.exitCode;
  if (exit.signal !== null) details.signal = exit.signal;
  if (job.correlationId !== undefined) details.correlationId = job.correlationId;
  if (exit.outOfMemory) details.outOfMemory = true;
  const name = job.correlationId ?? `${job.id}`;
  const doing = { waiting: 'before it started', running: 'while it ran', finished: 'before it told how' }[
    phase
  ];
  const cause = phase === 'running' ? link.fatal?.info : undefined;
  const why = cause === undefined ? '' : `: ${cause.toString()}`;
  return ExceptionInfo.from(
    new WorkerLostError(
      `child ${link.pid} ended with ${endOf(exit)} ${doing} job ${name}${phase === 'finished' ? ' ended' : ''}${why}`,
      {
        details,
        ...(cause === undefined ? {} : { cause: cause.toError() }),
      },
    ),
  );
}

function endOf({ exitCode, signal, outOfMemory }: ChildExit): string {
  if (outOfMemory) return 'out of memory';
  return signal === null ? `exit code ${exitCode}` : `signal ${signal}`;
}
