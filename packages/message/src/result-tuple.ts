import { DecodeError } from './errors.js';
import { DEFAULT_LIMITS, limitExceeded } from './limits.js';

/**
 * A reference to a result as it travels: `[[id, parent], results]`. `parent` is the reference of the task before it
 * in a chain, `results` those of a group's members, null for a single task.
 */
export type ResultTuple = [head: [id: string, parent: ResultTuple | null], results: ResultTuple[] | null];

/** The reference of one task, or of a group when `results` are given. */
export function resultTuple(
  id: string,
  options: { parent?: ResultTuple | null | undefined; results?: ResultTuple[] | null | undefined } = {},
): ResultTuple {
  return [[id, options.parent ?? null], options.results ?? null];
}

/**
 * Checks a reference and completes its older, shorter forms: a bare id, and a head without a parent.
 * Throws DecodeError, LimitExceededError.
 */
export function checkResultTuple(value: unknown, depth: number = DEFAULT_LIMITS.maxDepth): ResultTuple {
  if (typeof value === 'string') return [[value, null], null];
  if (depth <= 0) throw limitExceeded('maxDepth', DEFAULT_LIMITS.maxDepth, 'Nesting of results');
  if (!Array.isArray(value) || value.length !== 2) throw malformed();
  const [head, results = null]: unknown[] = value;
  const [id, parent = null]: unknown[] = Array.isArray(head) ? head : [head];
  if (typeof id !== 'string' || (results !== null && !Array.isArray(results))) throw malformed();
  return [
    [id, parent === null ? null : checkResultTuple(parent, depth - 1)],
    results === null ? null : results.map((item: unknown) => checkResultTuple(item, depth - 1)),
  ];
}

function malformed(): DecodeError {
  return new DecodeError('Malformed result reference: expected [[id, parent], results]');
}
