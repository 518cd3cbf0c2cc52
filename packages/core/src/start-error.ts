import type { ChildExit } from './child.js';
import type { ChildLink } from './child-link.js';
import { PoolStartError } from './errors.js';

/** Says why a child did not come up. */
export function startError(link: ChildLink, exit: ChildExit, aliveTimeout: number): PoolStartError {
  let why: string;
  if (exit.error !== undefined) why = `it could not be spawned: ${exit.error}`;
  else if (link.killedFor === 'unresponsive') why = `it was not ready within ${aliveTimeout} s`;
  else if (link.fatal !== undefined) why = `${link.fatal.phase}: ${link.fatal.info.toString()}`;
  else why = `it ended with ${exit.signal === null ? `exit code ${exit.exitCode}` : `signal ${exit.signal}`}`;
  const tail = exit.stderrTail?.trim() ? `; its stderr ended with:\n${exit.stderrTail.trimEnd()}` : '';
  return new PoolStartError(`a child did not come up: ${why}${tail}`, {
    cause: exit.error ?? link.fatal?.info.toError(),
  });
}
