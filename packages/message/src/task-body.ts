import { type BodySource, type Codec, codecOf, type DecodeOptions } from './codec.js';
import { InvalidTaskError } from './errors.js';
import type { Message } from './message.js';
import { pyRepr } from './py-repr.js';
import { isRecord } from './record.js';
import { parseSignature, parseSignatures } from './signature.js';
import { parseTaskHeaders, type TaskHeaders } from './task-headers.js';
import type { TaskEmbed } from './task-message.js';

/** What a task is called with. */
export interface TaskBody {
  args: unknown[];
  kwargs: Record<string, unknown>;
  /** Signatures in plain form: typed values in them are still tagged, so they can be sent on unchanged. */
  embed: TaskEmbed;
}

export interface DecodedTask extends TaskBody {
  headers: TaskHeaders;
}

/**
 * Decodes the body of a task message: what the side that runs the task does. Reads the bodies of protocol 2, of
 * protocol 1 and of the hybrid between them.
 * Throws ContentDisallowedError, LimitExceededError, DecodeError, InvalidTaskError (naming the part that is wrong).
 */
export function decodeTaskBody(source: BodySource, options: DecodeOptions = {}): TaskBody {
  const codec = codecOf(options);
  return taskBody(codec.decodePlain(source), source.contentType, codec);
}

/**
 * Decodes a task message of any protocol, headers and body. Throws as `decodeTaskBody` and `parseTaskHeaders` do.
 */
export function decodeTaskMessage(message: Message, options: DecodeOptions = {}): DecodedTask {
  const codec = codecOf(options);
  const plain = codec.decodePlain(message);
  const headers = Array.isArray(plain) ? message.headers : protocol1Headers(plain, message.headers);
  return {
    headers: parseTaskHeaders({ headers, properties: message.properties }),
    ...taskBody(plain, message.contentType, codec),
  };
}

function taskBody(plain: unknown, contentType: string, codec: Codec): TaskBody {
  const { args, kwargs, embed } = partsOf(plain);
  return {
    args: codec.revive(args, contentType) as unknown[],
    kwargs: codec.revive(kwargs, contentType) as Record<string, unknown>,
    embed,
  };
}

/**
 * Turns a protocol 1 or hybrid message into one of protocol 2, so that nothing behind it needs to know the old ones.
 * A protocol 2 message comes back as it is. The body is decoded and written again, without typed values being lost.
 */
export function upgradeTaskMessage(message: Message, options: DecodeOptions = {}): Message {
  const codec = codecOf(options);
  const plain = codec.decodePlain(message);
  if (Array.isArray(plain)) return message;
  const { args, kwargs, embed } = partsOf(plain);
  const { compression: _compression, ...headers } = protocol1Headers(plain, message.headers);
  parseTaskHeaders({ headers, properties: message.properties });
  // Another serializer might not be accepted where the task runs.
  const serializer = codec.serializers.nameOf(message.contentType);
  return { ...message, ...codec.serializers.encode([args, kwargs, embed], serializer), headers };
}

/** The three parts of a body, checked; typed values are still tagged. */
function partsOf(body: unknown): TaskBody {
  if (Array.isArray(body)) {
    const [args, kwargs, embed]: unknown[] = body;
    if (body.length !== 3) throw invalid('body', BODY_FORM);
    return { args: checkedArgs(args), kwargs: checkedKwargs(kwargs), embed: checkedEmbed(embed) };
  }
  if (!isRecord(body)) throw invalid('body', BODY_FORM);
  const { args = [], kwargs = {}, callbacks = null, errbacks = null, chord = null } = body;
  const embed = { callbacks, errbacks, chain: null, chord };
  return { args: checkedArgs(args), kwargs: checkedKwargs(kwargs), embed: checkedEmbed(embed) };
}

const BODY_FORM = 'a list of args, kwargs and embed';

const PROTOCOL_1_HEADERS = [
  'lang',
  'task',
  'id',
  'root_id',
  'parent_id',
  'group',
  'group_index',
  'shadow',
  'eta',
  'expires',
  'retries',
  'timelimit',
  'argsrepr',
  'kwargsrepr',
  'origin',
] as const;

/** Headers from the body of protocol 1; those that the message has count for more, which is what "hybrid" means. */
function protocol1Headers(body: unknown, own: Record<string, unknown>): Record<string, unknown> {
  if (!isRecord(body)) throw invalid('body', BODY_FORM);
  const headers: Record<string, unknown> = {};
  for (const name of PROTOCOL_1_HEADERS) {
    if (body[name] !== undefined) headers[name] = body[name];
  }
  headers['group'] ??= body['taskset'] ?? null;
  headers['argsrepr'] ??= pyRepr(body['args'] ?? [], { tuple: true });
  headers['kwargsrepr'] ??= pyRepr(body['kwargs'] ?? {});
  return { ...headers, ...own };
}

function invalid(field: string, expected: string): InvalidTaskError {
  return new InvalidTaskError(`Invalid task message: ${field} is not ${expected}`, { field });
}

function checkedArgs(args: unknown): unknown[] {
  if (!Array.isArray(args)) throw invalid('args', 'a list');
  return args;
}

function checkedKwargs(kwargs: unknown): Record<string, unknown> {
  if (!isRecord(kwargs)) throw invalid('kwargs', 'an object');
  return kwargs;
}

function checkedEmbed(embed: unknown): TaskEmbed {
  if (embed === null || embed === undefined) return { ...NO_EMBED };
  if (!isRecord(embed)) throw invalid('embed', 'an object');
  const { callbacks, errbacks, chain, chord } = embed;
  return {
    ...embed,
    callbacks: isEmpty(callbacks) ? null : parseSignatures(callbacks, 'callbacks'),
    errbacks: isEmpty(errbacks) ? null : parseSignatures(errbacks, 'errbacks'),
    chain: isEmpty(chain) ? null : parseSignatures(chain, 'chain'),
    chord: isEmpty(chord) ? null : parseSignature(chord, 'chord'),
  };
}

const NO_EMBED: Readonly<TaskEmbed> = Object.freeze({
  callbacks: null,
  errbacks: null,
  chain: null,
  chord: null,
});

function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || (Array.isArray(value) && value.length === 0);
}
