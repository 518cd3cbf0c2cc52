import { DecodeError } from './errors.js';
import { DEFAULT_LIMITS, limitExceeded } from './limits.js';

/** A reference to a result and, for a group, to its members: what `children` of a result document holds. */
export interface ResultNode {
  id: string;
  parent: ResultNode | null;
  /** Results of a group; null for a single task. */
  results: ResultNode[] | null;
}

/** A node as it travels, `[[id, parent], results]`. */
export type ResultTuple = [[string, ResultTuple | null], ResultTuple[] | null];

export function encodeResultTuple(node: ResultNode): ResultTuple {
  return [
    [node.id, node.parent === null ? null : encodeResultTuple(node.parent)],
    node.results === null ? null : node.results.map(encodeResultTuple),
  ];
}

/** Reads a node; a bare id stands for a single task. Throws DecodeError, LimitExceededError. */
export function decodeResultTuple(value: unknown, depth: number = DEFAULT_LIMITS.maxDepth): ResultNode {
  if (typeof value === 'string') return { id: value, parent: null, results: null };
  if (depth <= 0) throw limitExceeded('maxDepth', DEFAULT_LIMITS.maxDepth, 'Nesting of results');
  if (!Array.isArray(value) || value.length !== 2) throw malformed();
  const [head, results]: unknown[] = value;
  const [id, parent = null]: unknown[] = Array.isArray(head) ? head : [head];
  if (typeof id !== 'string') throw malformed();
  if (results !== null && !Array.isArray(results)) throw malformed();
  return {
    id,
    parent: parent === null ? null : decodeResultTuple(parent, depth - 1),
    results: results === null ? null : results.map((item: unknown) => decodeResultTuple(item, depth - 1)),
  };
}

function malformed(): DecodeError {
  return new DecodeError('Malformed result reference: expected [[id, parent], results]');
}
