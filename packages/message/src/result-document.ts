import { Buffer } from 'node:buffer';
import { codecOf, type DecodeOptions, type EncodeOptions } from './codec.js';
import { DecodeError, EncodeError } from './errors.js';
import { formatIso, parseIso } from './iso-date.js';
import { isRecord } from './record.js';
import { decodeResultTuple, encodeResultTuple, type ResultNode } from './result-tuple.js';
import { asBuffer } from './text.js';

/** A task's state and result, as a result store holds it. */
export interface ResultDocument {
  taskId: string;
  /** A state of `states.ts`, or a custom one. */
  status: string;
  /** The return value; in an exception state an `ExceptionDocument`; in a custom one what the task put there. */
  result: unknown;
  traceback: string | null;
  children: ResultNode[];
  /** When the task was done; null before. */
  dateDone: Date | null;
  groupId?: string | null | undefined;
  parentId?: string | null | undefined;
  /** With extended results. */
  name?: string | null | undefined;
  args?: unknown;
  kwargs?: unknown;
  worker?: string | null | undefined;
  retries?: number | null | undefined;
  queue?: string | null | undefined;
  /** Fields of later versions and of stamps, by their wire names. */
  extra?: Record<string, unknown> | undefined;
}

/** As `ResultDocument`; what is left out is null or empty. */
export interface ResultInput extends Partial<Omit<ResultDocument, 'taskId' | 'status'>> {
  taskId: string;
  status: string;
  /**
   * The result as JSON text that was encoded elsewhere, in a child process for instance; taken as it is instead of
   * `result`. Only for the json serializer.
   */
  encodedResult?: Uint8Array | undefined;
}

/** Bytes of a result document. Throws EncodeError with the path of what cannot be written (`result.when`). */
export function encodeResult(input: ResultInput, options: EncodeOptions = {}): Uint8Array {
  const codec = codecOf(options);
  if (input.encodedResult === undefined) {
    return codec.encode(resultFields(input, input.result ?? null), options).body;
  }
  if ((options.serializer ?? 'json') !== 'json' || options.compression !== undefined) {
    throw new EncodeError('encodedResult is for uncompressed json only; pass the result itself');
  }
  // The result is the second member, and a key of ours cannot be in the first.
  const { status, result: _result, ...rest } = resultFields(input, null);
  const head = Buffer.from(`{"status": ${JSON.stringify(status)}, "result": `);
  const tail = asBuffer(codec.encode(rest, options).body);
  return Buffer.concat([head, input.encodedResult, Buffer.from(', '), tail.subarray(1)]);
}

function resultFields(input: ResultInput, result: unknown): Record<string, unknown> {
  const { status, traceback = null, children, dateDone, extra } = input;
  const own: Record<string, unknown> = {
    status,
    result,
    traceback,
    children: children === undefined || children.length === 0 ? NO_CHILDREN : children.map(encodeResultTuple),
    date_done: dateDone === null || dateDone === undefined ? null : formatIso(dateDone),
  };
  const fields = extra === undefined ? own : { ...extra, ...own };
  if (input.groupId) fields['group_id'] = input.groupId;
  if (input.parentId) fields['parent_id'] = input.parentId;
  for (const name of EXTENDED) {
    if (input[name] !== undefined) fields[name] = input[name];
  }
  fields['task_id'] = input.taskId;
  return fields;
}

const NO_CHILDREN: readonly unknown[] = Object.freeze([]);

const EXTENDED = ['name', 'args', 'kwargs', 'worker', 'retries', 'queue'] as const;

const FIELDS: ReadonlySet<string> = new Set([
  ...EXTENDED,
  'status',
  'result',
  'traceback',
  'children',
  'date_done',
  'group_id',
  'parent_id',
  'task_id',
]);

/** What the store says besides the bytes; stores that say nothing hold uncompressed json. */
export interface ResultSource {
  contentType?: string | undefined;
  contentEncoding?: string | undefined;
  headers?: Record<string, unknown> | undefined;
}

/** Reads a result document. Throws ContentDisallowedError, LimitExceededError, DecodeError. */
export function decodeResult(body: Uint8Array, options: DecodeOptions & ResultSource = {}): ResultDocument {
  const codec = codecOf(options);
  const { contentType = 'application/json', contentEncoding = 'utf-8', headers = {} } = options;
  const plain = codec.decode({ body, contentType, contentEncoding, headers });
  if (!isRecord(plain)) throw malformed('it is not an object');
  const document: ResultDocument = {
    taskId: requiredText(plain, 'task_id'),
    status: requiredText(plain, 'status'),
    result: plain['result'] ?? null,
    traceback: optionalText(plain, 'traceback'),
    children: childrenOf(plain['children']),
    dateDone: dateOf(plain['date_done']),
  };
  addOptional(document, plain);
  return document;
}

function addOptional(document: ResultDocument, plain: Record<string, unknown>): void {
  if (plain['group_id'] !== undefined) document.groupId = optionalText(plain, 'group_id');
  if (plain['parent_id'] !== undefined) document.parentId = optionalText(plain, 'parent_id');
  if (plain['name'] !== undefined) document.name = optionalText(plain, 'name');
  if (plain['worker'] !== undefined) document.worker = optionalText(plain, 'worker');
  if (plain['queue'] !== undefined) document.queue = optionalText(plain, 'queue');
  if (plain['args'] !== undefined) document.args = plain['args'];
  if (plain['kwargs'] !== undefined) document.kwargs = plain['kwargs'];
  const { retries } = plain;
  if (typeof retries === 'number' || retries === null) document.retries = retries;
  for (const name in plain) {
    if (FIELDS.has(name)) continue;
    document.extra ??= {};
    document.extra[name] = plain[name];
  }
}

function malformed(why: string): DecodeError {
  return new DecodeError(`Malformed result document: ${why}`);
}

function requiredText(plain: Record<string, unknown>, name: string): string {
  const value = plain[name];
  if (typeof value === 'string' && value !== '') return value;
  throw malformed(`${name} is not a string`);
}

function optionalText(plain: Record<string, unknown>, name: string): string | null {
  const value = plain[name];
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return null;
  throw malformed(`${name} is not a string`);
}

function childrenOf(value: unknown): ResultNode[] {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) throw malformed('children is not a list');
  return value.map((item: unknown) => decodeResultTuple(item));
}

function dateOf(value: unknown): Date | null {
  if (value === null || value === undefined) return null;
  const date = value instanceof Date ? value : typeof value === 'string' ? parseIso(value) : null;
  if (date === null) throw malformed('date_done is not an ISO 8601 date');
  return date;
}
