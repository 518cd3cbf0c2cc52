import { Buffer } from 'node:buffer';
import { codecOf, type DecodeOptions, type EncodeOptions } from './codec.js';
import { DecodeError, EncodeError } from './errors.js';
import { formatIso, parseIso } from './iso-date.js';
import { isRecord } from './record.js';
import { checkResultTuple, type ResultTuple } from './result-tuple.js';
import { asBuffer } from './text.js';

/** A task's state and result in Celery's own spelling: this object is what a result store holds. */
export interface ResultDocument {
  /** A state of `states.ts`, or a custom one. */
  status: string;
  /** The return value; in an exception state an `ExceptionDocument`; in a custom one what the task put there. */
  result: unknown;
  traceback: string | null;
  /** References to the results of tasks this one started. */
  children: ResultTuple[];
  /** When the task was done, ISO 8601; null before. Without an offset it is UTC. */
  date_done: string | null;
  group_id?: string | null;
  parent_id?: string | null;
  /** This and the following: only with extended results. */
  name?: string | null;
  args?: unknown;
  kwargs?: unknown;
  worker?: string | null;
  retries?: number | null;
  queue?: string | null;
  task_id: string;
  /** Stamps and what later versions of Celery add. */
  [field: string]: unknown;
}

/** What `encodeResult` takes; `result`, `traceback` and `children` may be left out. */
export interface ResultInput {
  task_id: string;
  status: string;
  result?: unknown;
  traceback?: string | null | undefined;
  children?: readonly ResultTuple[] | null | undefined;
  date_done?: Date | string | null | undefined;
  [field: string]: unknown;
}

export interface EncodeResultOptions extends EncodeOptions {
  /**
   * The result as JSON that was encoded elsewhere, in a child process for instance; taken as it is, in place of the
   * document's `result`. For uncompressed json only.
   */
  encodedResult?: Uint8Array | undefined;
}

/**
 * Bytes of a result document, fields in Celery's order. Throws EncodeError with the path of what cannot be written
 * (`result.when`), TypeError for a `date_done` that is no date.
 */
export function encodeResult(document: ResultInput, options: EncodeResultOptions = {}): Uint8Array {
  const codec = codecOf(options);
  const { encodedResult } = options;
  const { task_id, status, result = null, traceback = null, children, date_done, ...more } = document;
  const rest = { traceback, children: children ?? [], date_done: dateText(date_done), ...more, task_id };
  if (encodedResult === undefined) return codec.encode({ status, result, ...rest }, options).body;
  if ((options.serializer ?? 'json') !== 'json' || options.compression !== undefined) {
    throw new EncodeError('encodedResult is for uncompressed json only; give the result itself');
  }
  const head = Buffer.from(`{"status":${JSON.stringify(status)},"result":`);
  const tail = asBuffer(codec.encode(rest, options).body);
  // The tail is an object of its own; a comma takes the place of its brace.
  return Buffer.concat([head, encodedResult, COMMA, tail.subarray(1)]);
}

const COMMA = Buffer.from(',');

function dateText(date: Date | string | null | undefined): string | null {
  if (date === null || date === undefined) return null;
  if (typeof date !== 'string') return formatIso(date);
  if (parseIso(date) === null)
    throw new TypeError(`Expected date_done to be a Date or ISO 8601, got ${date}`);
  return date;
}

export interface DecodeResultOptions extends DecodeOptions {
  /** For stores that do not keep it. @default 'application/json' */
  contentType?: string | undefined;
  /** @default 'utf-8' */
  contentEncoding?: string | undefined;
  /** Headers of the message that brought it; `compression` is honoured. */
  headers?: Record<string, unknown> | undefined;
  /** The id it was asked for by: must be the document's own, and stands in for a missing one. */
  taskId?: string | undefined;
}

/**
 * Reads a result document; what a writer left out gets its empty value. The result comes with its typed values live.
 * Throws ContentDisallowedError, LimitExceededError, DecodeError (naming the malformed field).
 */
export function decodeResult(raw: Uint8Array | string, options: DecodeResultOptions = {}): ResultDocument {
  const { contentType = 'application/json', contentEncoding = 'utf-8', headers = {} } = options;
  const body = typeof raw === 'string' ? Buffer.from(raw) : raw;
  const document = codecOf(options).decode({ body, contentType, contentEncoding, headers });
  if (!isRecord(document)) throw malformed('it is not an object');
  if (typeof document['status'] !== 'string' || document['status'] === '')
    throw malformed('status is missing');
  document['task_id'] ??= options.taskId;
  if (typeof document['task_id'] !== 'string') throw malformed('task_id is missing');
  if (options.taskId !== undefined && document['task_id'] !== options.taskId) {
    throw malformed(`it is of task ${JSON.stringify(document['task_id'])}, not of ${options.taskId}`);
  }
  document['result'] ??= null;
  for (const field of TEXTS) checkText(document, field);
  document['traceback'] ??= null;
  document['date_done'] = checkDate(document['date_done']);
  document['children'] = checkChildren(document['children']);
  return document as ResultDocument;
}

const TEXTS = ['traceback', 'group_id', 'parent_id', 'name', 'worker', 'queue'] as const;

function malformed(why: string): DecodeError {
  return new DecodeError(`Malformed result document: ${why}`);
}

function checkText(document: Record<string, unknown>, field: string): void {
  const value = document[field];
  if (value === null || value === undefined || typeof value === 'string') return;
  throw malformed(`${field} is not a string`);
}

/** Backends that store real dates give typed ones. */
function checkDate(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (value instanceof Date) return formatIso(value);
  if (typeof value === 'string' && parseIso(value) !== null) return value;
  throw malformed('date_done is not an ISO 8601 date');
}

function checkChildren(value: unknown): ResultTuple[] {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) throw malformed('children is not a list');
  return value.map((child: unknown) => checkResultTuple(child));
}
