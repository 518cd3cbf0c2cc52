import { ResultDecodeError } from './errors.js';
import type { TaskState } from './states.js';

/** A failure as it stands in a result document. */
export interface ExceptionRecord {
  exc_type: string;
  exc_message: unknown;
  exc_module: string | null;
}

/** What is stored for a task, in Celery's names. */
export interface ResultDocument {
  task_id: string;
  status: TaskState;
  /** The value; for `FAILURE`, `RETRY` and `REVOKED` an {@link ExceptionRecord}; for custom states their meta. */
  result: unknown;
  traceback: string | null;
  children: unknown[] | null;
  /** When it ended, ISO 8601 in UTC; `null` before. */
  date_done: string | null;
  group_id?: string;
  parent_id?: string;
  name?: string;
  args?: unknown;
  kwargs?: unknown;
  worker?: string;
  retries?: number;
  queue?: string;
}

/** Encodes a document as JSON, in Celery's order of fields; what is not given gets Celery's empty value. */
export function encodeResult(
  document: Pick<ResultDocument, 'task_id' | 'status'> & Partial<ResultDocument>,
): string {
  const {
    task_id,
    status,
    result = null,
    traceback = null,
    children = [],
    date_done = null,
    ...more
  } = document;
  return JSON.stringify({ status, result, traceback, children, date_done, ...more, task_id });
}

/** Reads a stored document. Throws `ResultDecodeError` for anything that is not one. */
export function decodeResult(raw: string | Uint8Array, id: string): ResultDocument {
  let document: unknown;
  try {
    document = JSON.parse(
      typeof raw === 'string' ? raw : new TextDecoder('utf-8', { fatal: true }).decode(raw),
    );
  } catch (cause) {
    throw new ResultDecodeError(`the stored result of task ${id} is not JSON`, { id, cause });
  }
  if (
    typeof document !== 'object' ||
    document === null ||
    typeof (document as ResultDocument).status !== 'string'
  ) {
    throw new ResultDecodeError(`the stored result of task ${id} has no status`, { id });
  }
  return {
    result: null,
    traceback: null,
    children: null,
    date_done: null,
    ...document,
    task_id: id,
  } as ResultDocument;
}

/** Reads the members of a stored group. */
export function decodeGroup(raw: string | Uint8Array, groupId: string): unknown {
  try {
    const text = typeof raw === 'string' ? raw : new TextDecoder('utf-8', { fatal: true }).decode(raw);
    return (JSON.parse(text) as { result: unknown }).result;
  } catch (cause) {
    throw new ResultDecodeError(`the stored group ${groupId} is not JSON`, { id: groupId, cause });
  }
}
