import { InvalidTaskError } from './errors.js';
import { parseIso } from './iso-date.js';
import type { Message } from './message.js';
import { isRecord } from './record.js';

/** What a worker must know of a task before it runs; read from headers and properties alone. */
export interface TaskHeaders {
  lang: string | null;
  task: string;
  id: string;
  /** Name to show instead of `task`. */
  shadow: string | null;
  eta: Date | null;
  expires: Date | null;
  group: string | null;
  groupIndex: number | null;
  retries: number;
  /** Hard limit first, then soft, both in seconds. */
  timelimit: [hard: number | null, soft: number | null];
  rootId: string | null;
  parentId: string | null;
  argsrepr: string | null;
  kwargsrepr: string | null;
  origin: string | null;
  ignoreResult: boolean;
  replacedTaskNesting: number;
  stampedHeaders: string[] | null;
  stamps: Record<string, unknown> | null;
  replyTo: string | null;
  correlationId: string | null;
}

/** The headers of protocol 2; any other header of a task message is the sender's own. */
export const TASK_HEADER_NAMES: ReadonlySet<string> = new Set([
  'lang',
  'task',
  'id',
  'shadow',
  'eta',
  'expires',
  'group',
  'group_index',
  'retries',
  'timelimit',
  'root_id',
  'parent_id',
  'argsrepr',
  'kwargsrepr',
  'origin',
  'ignore_result',
  'replaced_task_nesting',
  'stamped_headers',
  'stamps',
  'compression',
  'redelivered',
]);

/** True for a message that says in its headers what task it is (protocol 2); the body was not looked at. */
export function isTaskMessage(message: Pick<Message, 'headers'>): boolean {
  return message.headers['task'] !== undefined;
}

/**
 * Reads protocol 2 headers without touching the body. Throws InvalidTaskError naming the malformed header.
 * For protocol 1, which has no headers, see `upgradeTaskMessage`.
 */
export function parseTaskHeaders(message: Pick<Message, 'headers' | 'properties'>): TaskHeaders {
  const { headers, properties } = message;
  return {
    lang: optionalString(headers, 'lang'),
    task: requiredString(headers, 'task'),
    id: requiredString(headers, 'id'),
    shadow: optionalString(headers, 'shadow'),
    eta: optionalDate(headers, 'eta'),
    expires: optionalDate(headers, 'expires'),
    group: optionalString(headers, 'group'),
    groupIndex: optionalCount(headers, 'group_index'),
    retries: optionalCount(headers, 'retries') ?? 0,
    timelimit: timelimit(headers),
    rootId: optionalString(headers, 'root_id'),
    parentId: optionalString(headers, 'parent_id'),
    argsrepr: optionalString(headers, 'argsrepr'),
    kwargsrepr: optionalString(headers, 'kwargsrepr'),
    origin: optionalString(headers, 'origin'),
    ignoreResult: optionalBoolean(headers, 'ignore_result'),
    replacedTaskNesting: optionalCount(headers, 'replaced_task_nesting') ?? 0,
    stampedHeaders: stampedHeaders(headers),
    stamps: stamps(headers),
    replyTo: properties.replyTo || null,
    correlationId: properties.correlationId || null,
  };
}

/** The sender's own headers: all that protocol 2 does not define, stamps left out. */
export function customHeaders(headers: Record<string, unknown>): Record<string, unknown> {
  const stamped = headers['stamped_headers'];
  const custom: Record<string, unknown> = {};
  for (const name in headers) {
    if (TASK_HEADER_NAMES.has(name) || name === '__proto__') continue;
    if (Array.isArray(stamped) && stamped.includes(name)) continue;
    if (Object.hasOwn(headers, name)) custom[name] = headers[name];
  }
  return custom;
}

type Headers = Record<string, unknown>;

function invalid(field: string, expected: string, value: unknown): InvalidTaskError {
  return new InvalidTaskError(`Invalid task message: ${field} is not ${expected} but ${describe(value)}`, {
    field,
  });
}

function describe(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

function requiredString(headers: Headers, name: string): string {
  const value = headers[name];
  if (typeof value === 'string' && value !== '') return value;
  throw invalid(name, 'a string', value);
}

function optionalString(headers: Headers, name: string): string | null {
  const value = headers[name];
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return null;
  throw invalid(name, 'a string', value);
}

function optionalBoolean(headers: Headers, name: string): boolean {
  const value = headers[name];
  if (typeof value === 'boolean') return value;
  if (value === null || value === undefined) return false;
  throw invalid(name, 'a boolean', value);
}

function optionalCount(headers: Headers, name: string): number | null {
  const value = headers[name];
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  if (value === null || value === undefined) return null;
  throw invalid(name, 'an integer from 0 up', value);
}

/** Celery takes any empty value for "no date". */
function optionalDate(headers: Headers, name: string): Date | null {
  const value = headers[name];
  if (value === null || value === undefined || value === '' || value === 0) return null;
  const date = typeof value === 'string' ? parseIso(value) : value instanceof Date ? value : null;
  if (date === null || Number.isNaN(date.getTime())) throw invalid(name, 'an ISO 8601 date', value);
  return date;
}

function timelimit(headers: Headers): [number | null, number | null] {
  const value = headers['timelimit'];
  if (value === null || value === undefined) return [null, null];
  if (!Array.isArray(value) || value.length !== 2)
    throw invalid('timelimit', 'a pair of hard and soft limit', value);
  return [seconds(value[0], 'timelimit[0]'), seconds(value[1], 'timelimit[1]')];
}

function seconds(value: unknown, field: string): number | null {
  if (typeof value === 'number' && value >= 0 && Number.isFinite(value)) return value;
  if (value === null || value === undefined) return null;
  throw invalid(field, 'a number of seconds', value);
}

function stampedHeaders(headers: Headers): string[] | null {
  const value = headers['stamped_headers'];
  if (value === null || value === undefined) return null;
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  throw invalid('stamped_headers', 'a list of names', value);
}

function stamps(headers: Headers): Record<string, unknown> | null {
  const value = headers['stamps'];
  if (value === null || value === undefined) return null;
  if (isRecord(value)) return value;
  throw invalid('stamps', 'an object', value);
}
