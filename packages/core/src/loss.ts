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
  terminatedBy: NodeJS.Signals | undefined,
): ExceptionInfo | undefined {
  if (job.ready) return undefined;
  if (terminatedBy !== undefined)
    return ExceptionInfo.from(
      new Terminated(`the job was ended by ${terminatedBy}`, { signal: terminatedBy }),
    );
  const running = job.state === 'accepted';
  const details: LossDetails = { pid: link.pid, phase: running ? 'running' : 'waiting' };
  if (exit.exitCode !== null) details.exitCode = exit.exitCode;
  if (exit.signal !== null) details.signal = exit.signal;
  if (job.correlationId !== undefined) details.correlationId = job.correlationId;
  if (exit.outOfMemory) details.outOfMemory = true;
  const name = job.correlationId ?? `${job.id}`;
  const doing = running ? `while it ran job ${name}` : `before it started job ${name}`;
  const cause = link.fatal !== undefined && running ? link.fatal.info : undefined;
  const why = cause === undefined ? '' : `: ${cause.toString()}`;
  return ExceptionInfo.from(
    new WorkerLostError(`child ${link.pid} ended with ${endOf(exit)} ${doing}${why}`, {
      details,
      ...(cause === undefined ? {} : { cause: cause.toError() }),
    }),
  );
}

function endOf({ exitCode, signal, outOfMemory }: ChildExit): string {
  if (outOfMemory) return 'out of memory';
  return signal === null ? `exit code ${exitCode}` : `signal ${signal}`;
}
