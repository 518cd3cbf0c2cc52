import { InvalidTaskError } from './errors.js';
import { memberPath } from './path.js';
import { isRecord } from './record.js';

/**
 * A task to be called later, as plain data in Celery's own spelling: this object is what travels. Unknown keys
 * (`chord_size` and what later versions add) are kept.
 */
export interface SignatureData {
  task: string;
  args: unknown[];
  kwargs: Record<string, unknown>;
  options: Record<string, unknown>;
  /** `chain`, `group`, `chord`, `chunks`, `xmap`, `starmap`; null for a single task. */
  subtask_type: string | null;
  /** True when the result of the parent is not put before the arguments. */
  immutable: boolean;
  [key: string]: unknown;
}

export interface SignatureParts {
  args?: unknown[] | undefined;
  kwargs?: Record<string, unknown> | undefined;
  options?: Record<string, unknown> | undefined;
  subtask_type?: string | null | undefined;
  immutable?: boolean | undefined;
}

/** A complete signature from its parts. */
export function createSignature(task: string, parts: SignatureParts = {}): SignatureData {
  return {
    ...parts,
    task,
    args: parts.args ?? [],
    kwargs: parts.kwargs ?? {},
    options: parts.options ?? {},
    subtask_type: parts.subtask_type ?? null,
    immutable: parts.immutable ?? false,
  };
}

function invalid(path: string, expected: string): InvalidTaskError {
  return new InvalidTaskError(`Invalid signature: ${path} is not ${expected}`, { field: path });
}

/**
 * Checks plain data for a signature and fills in what a sender may leave out. Throws InvalidTaskError whose `field`
 * is the path of what is wrong, beginning with `path`.
 */
export function parseSignature(value: unknown, path = 'signature'): SignatureData {
  if (!isRecord(value)) throw invalid(path, 'an object');
  const { task, args, kwargs, options, subtask_type: type, immutable } = value;
  if (typeof task !== 'string' || task === '') throw invalid(memberPath(path, 'task'), 'a task name');
  if (!isMissing(args) && !Array.isArray(args)) throw invalid(memberPath(path, 'args'), 'a list');
  if (!isMissing(kwargs) && !isRecord(kwargs)) throw invalid(memberPath(path, 'kwargs'), 'an object');
  if (!isMissing(options) && !isRecord(options)) throw invalid(memberPath(path, 'options'), 'an object');
  if (!isMissing(type) && typeof type !== 'string')
    throw invalid(memberPath(path, 'subtask_type'), 'a string');
  if (!isMissing(immutable) && typeof immutable !== 'boolean') {
    throw invalid(memberPath(path, 'immutable'), 'a boolean');
  }
  return {
    ...value,
    task,
    args: args ?? [],
    kwargs: kwargs ?? {},
    options: options ?? {},
    subtask_type: type ?? null,
    immutable: immutable ?? false,
  };
}

function isMissing(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

/** Checks a list of signatures; a single one counts as a list of one, as in Celery. */
export function parseSignatures(value: unknown, path: string): SignatureData[] {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  return list.map((item, index) => parseSignature(item, memberPath(path, index)));
}
