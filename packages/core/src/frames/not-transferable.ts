import { DETAILED_JOB, DETAILED_QUICK_JOB, DONE, JOB, POSTED, QUICK_JOB } from '../child-messages.js';
import { NotTransferableError } from '../errors.js';

/** The error for a message's value that cannot be carried. `path` starts with which value of the message it is in. */
export function notTransferable(
  kind: number,
  path: readonly (string | number)[],
  what: string,
  hint: string,
): NotTransferableError {
  const where = describe(kind, path);
  return new NotTransferableError(
    `${what} cannot travel between a pool and its children (at ${where}); ${hint}`,
    {
      path: where,
    },
  );
}

function describe(kind: number, path: readonly (string | number)[]): string {
  switch (kind) {
    case JOB:
    case QUICK_JOB:
      return formatPath('args', path.slice(1));
    case DETAILED_JOB:
    case DETAILED_QUICK_JOB:
      return formatPath(path[1] === 1 ? 'kwargs' : 'args', path.slice(2));
    case DONE:
      return formatPath('result', path.slice(1));
    case POSTED:
      return formatPath('message', path.slice(1));
    default:
      return formatPath('value', path.slice(1));
  }
}

/** `args[0].name`, `result["a b"]`. */
export function formatPath(root: string, path: readonly (string | number)[]): string {
  let text = root;
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += /^[A-Za-z_$][\w$]*$/.test(part) ? `.${part}` : `[${JSON.stringify(part)}]`;
  }
  return text;
}
