import { codecOf, type EncodeOptions } from './codec.js';
import { EncodeError } from './errors.js';
import { formatIso, parseIso } from './iso-date.js';
import type { Message } from './message.js';
import { anonNodename } from './node-names.js';
import { pyRepr } from './py-repr.js';
import { isRecord } from './record.js';
import type { SignatureData } from './signature.js';
import { TASK_HEADER_NAMES } from './task-headers.js';

/** What follows a task: the third part of a task message's body. */
export interface TaskEmbed {
  callbacks: SignatureData[] | null;
  errbacks: SignatureData[] | null;
  /** The tasks after this one in **reverse** order: the next is the last element. */
  chain: SignatureData[] | null;
  /** The body of the chord whose header this task is part of. */
  chord: SignatureData | null;
  /** Keys of later versions of Celery, passed on. */
  [key: string]: unknown;
}

/** A task to be sent. Only `task` and `id` are needed. */
export interface TaskMessageInput {
  task: string;
  id: string;
  args?: readonly unknown[] | undefined;
  kwargs?: Readonly<Record<string, unknown>> | undefined;
  embed?: Partial<TaskEmbed> | undefined;
  /** When to run it. A string must be ISO 8601 and is sent as it is. */
  eta?: Date | string | null | undefined;
  /** When not to run it any more. A string must be ISO 8601 and is sent as it is. */
  expires?: Date | string | null | undefined;
  retries?: number | undefined;
  /** Hard limit first, then soft, both in seconds. */
  timelimit?: readonly [hard: number | null, soft: number | null] | undefined;
  group?: string | null | undefined;
  groupIndex?: number | null | undefined;
  /** @default the id of the task itself */
  rootId?: string | null | undefined;
  parentId?: string | null | undefined;
  /** @default a Python-like repr of `args`, at most 1024 characters */
  argsrepr?: string | undefined;
  /** @default a Python-like repr of `kwargs`, at most 1024 characters */
  kwargsrepr?: string | undefined;
  /** @default `gen<pid>@<hostname>` */
  origin?: string | undefined;
  shadow?: string | null | undefined;
  ignoreResult?: boolean | undefined;
  replacedTaskNesting?: number | undefined;
  /** Stamps by name; each is also a header of its own, as in Celery. */
  stamps?: Readonly<Record<string, unknown>> | null | undefined;
  /** Headers of your own. Those of the protocol cannot be set here. */
  headers?: Readonly<Record<string, unknown>> | undefined;
  replyTo?: string | undefined;
  /** @default 0 */
  priority?: number | undefined;
  /** 1 transient, 2 persistent. @default 2 */
  deliveryMode?: number | undefined;
  /** Unix milliseconds from which the broker's `expiration` is counted. @default Date.now() */
  now?: number | undefined;
}

/**
 * A task message of Celery's protocol 2. Throws EncodeError with the path of an argument that has no form in the
 * serializer (`args[0].when`), TypeError for misuse.
 */
export function encodeTaskMessage(task: TaskMessageInput, options: EncodeOptions = {}): Message {
  checkName(task.task, 'task');
  checkName(task.id, 'id');
  const args = task.args ?? [];
  const kwargs = task.kwargs ?? {};
  if (!Array.isArray(args)) throw new TypeError('Expected the args of a task to be an array');
  if (!isRecord(kwargs)) throw new TypeError('Expected the kwargs of a task to be a plain object');
  const embed = { callbacks: null, errbacks: null, chain: null, chord: null, ...task.embed };
  const encoded = withBodyPaths(() => codecOf(options).encode([args, kwargs, embed], options));
  const headers = taskHeaders(task, args, kwargs);
  if (encoded.compression !== undefined) headers['compression'] = encoded.compression;
  return {
    body: encoded.body,
    contentType: encoded.contentType,
    contentEncoding: encoded.contentEncoding,
    headers,
    properties: {
      correlationId: task.id,
      replyTo: task.replyTo ?? '',
      deliveryMode: task.deliveryMode ?? 2,
      priority: task.priority ?? 0,
      expiration: expiration(headers['expires'] as string | null, task.now),
    },
  };
}

function taskHeaders(
  task: TaskMessageInput,
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const [hard = null, soft = null] = task.timelimit ?? [];
  const stampNames = task.stamps === null || task.stamps === undefined ? null : Object.keys(task.stamps);
  const headers: Record<string, unknown> = {
    lang: 'js',
    task: task.task,
    id: task.id,
    shadow: task.shadow ?? null,
    eta: isoHeader(task.eta, 'eta'),
    expires: isoHeader(task.expires, 'expires'),
    group: task.group ?? null,
    group_index: task.groupIndex ?? null,
    retries: task.retries ?? 0,
    timelimit: [hard, soft],
    root_id: task.rootId || task.id,
    parent_id: task.parentId ?? null,
    argsrepr: task.argsrepr ?? pyRepr(args, { tuple: true }),
    kwargsrepr: task.kwargsrepr ?? pyRepr(kwargs),
    origin: task.origin ?? anonNodename(),
    ignore_result: task.ignoreResult ?? false,
    replaced_task_nesting: task.replacedTaskNesting ?? 0,
    stamped_headers: stampNames,
    stamps: task.stamps ?? {},
  };
  addCustom(headers, task.stamps);
  addCustom(headers, task.headers);
  return headers;
}

function addCustom(
  headers: Record<string, unknown>,
  custom: Readonly<Record<string, unknown>> | null | undefined,
): void {
  if (custom === null || custom === undefined) return;
  for (const [name, value] of Object.entries(custom)) {
    if (TASK_HEADER_NAMES.has(name) || name === '__proto__') {
      throw new TypeError(
        `The header ${JSON.stringify(name)} belongs to the task protocol; choose another name`,
      );
    }
    headers[name] = value;
  }
}

function checkName(value: unknown, field: string): void {
  if (typeof value !== 'string' || value === '')
    throw new TypeError(`Expected the ${field} of a task to be a string`);
}

function isoHeader(value: Date | string | null | undefined, field: string): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value !== 'string') return formatIso(value);
  if (parseIso(value) === null)
    throw new TypeError(`Expected ${field} to be a Date or ISO 8601, got ${value}`);
  return value;
}

/** What the broker may drop by itself, in whole milliseconds as kombu writes it. */
function expiration(expires: string | null, now: number = Date.now()): string | undefined {
  if (expires === null) return undefined;
  const at = parseIso(expires);
  return at === null ? undefined : String(Math.max(0, Math.trunc(at.getTime() - now)));
}

const BODY_PARTS = ['args', 'kwargs', 'embed'] as const;

/** Says `args[0]` in errors where the body, a list of three, would say `[0][0]`. */
function withBodyPaths<T>(encode: () => T): T {
  try {
    return encode();
  } catch (error) {
    if (!EncodeError.isInstance(error)) throw error;
    const part = /^\[([012])\]/.exec(error.path);
    if (part === null) throw error;
    const path = (BODY_PARTS[Number(part[1]) as 0 | 1 | 2] ?? '') + error.path.slice(3);
    throw new EncodeError(
      error.message.replace(`at ${error.path}`, () => `at ${path}`),
      {
        path,
        cause: error.cause,
      },
    );
  }
}
