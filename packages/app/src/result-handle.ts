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

/** The live form of a reference to a result. */
export function resultHandle(source: ResultSource, node: ResultNode): AsyncResult | GroupResult {
  const parent = node.parent === null ? null : resultHandle(source, node.parent);
  if (node.results === null) return new AsyncResult(source, node.id, { parent });
  const members = node.results.map((member) => resultHandle(source, member));
  return new GroupResult(source, node.id, members, { parent });
}
