import type { ResultNode } from '@pool/message';
import { AsyncResult, type GetOptions, type ResultSource } from './async-result.js';
import { GroupResult } from './group-result.js';

/** What sending anything gives: a task's result or a group's. */
export interface ResultHandle<Result = unknown> {
  readonly id: string;
  /** The result of what came before it. */
  readonly parent: ResultHandle | null;
  get(options?: GetOptions): Promise<Result>;
  ready(): Promise<boolean>;
  successful(): Promise<boolean>;
  failed(): Promise<boolean>;
  forget(): Promise<void>;
}

/**
 * The live form of a reference to a result.
 * @param ignored ids of tasks that were sent with `ignoreResult`
 */
export function resultHandle(
  source: ResultSource,
  node: ResultNode,
  ignored: ReadonlySet<string> = new Set(),
): AsyncResult | GroupResult {
  const parent = node.parent === null ? null : resultHandle(source, node.parent, ignored);
  if (node.results === null)
    return new AsyncResult(source, node.id, { parent, ignored: ignored.has(node.id) });
  const members = node.results.map((member) => resultHandle(source, member, ignored));
  return new GroupResult(source, node.id, members, { parent });
}
