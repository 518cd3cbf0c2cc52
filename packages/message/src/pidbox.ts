import { runInNewContext } from 'node:vm';
import { codecOf, type DecodeOptions, type EncodedBody, type EncodeOptions } from './codec.js';
import { DecodeError } from './errors.js';
import { globMatch } from './glob.js';
import type { Message } from './message.js';
import { isRecord } from './record.js';

/** Where the answers to a control request go. */
export interface ReplyTo {
  exchange: string;
  routingKey: string;
}

/** A remote control command, as it arrives at every node. */
export interface ControlRequest {
  method: string;
  arguments: Record<string, unknown>;
  /** Names of the nodes meant; null for all. */
  destination: string[] | null;
  /** Which nodes are meant, when `matcher` is given too. */
  pattern: string | null;
  matcher: string | null;
  /** Identifies the request in its answers. */
  ticket: string | null;
  /** Null when nobody waits for an answer. */
  replyTo: ReplyTo | null;
  /** Logical clock of the sender. */
  clock: number;
  /** Unix seconds after which to ignore it; 0 for never. */
  expires: number;
}

export interface ControlRequestInput extends Partial<Omit<ControlRequest, 'method'>> {
  method: string;
}

/** The broker objects of remote control; `namespace` is Celery's `control_exchange`. */
export interface PidboxNames {
  /** Fanout exchange of the requests. */
  exchange: string;
  /** Direct exchange of the replies. */
  replyExchange: string;
  /** Queue of one node. */
  queue(node: string): string;
  /** Queue of one client's replies; its routing key is the client's `oid`. */
  replyQueue(oid: string): string;
}

export function pidboxNames(namespace = 'celery'): PidboxNames {
  const exchange = `${namespace}.pidbox`;
  const replyExchange = `reply.${namespace}.pidbox`;
  return {
    exchange,
    replyExchange,
    queue: (node) => `${node}.${exchange}`,
    replyQueue: (oid) => `${oid}.${replyExchange}`,
  };
}

export function encodeControlRequest(request: ControlRequestInput, options: EncodeOptions = {}): Message {
  const body: Record<string, unknown> = {
    method: request.method,
    arguments: request.arguments ?? {},
    destination: request.destination ?? null,
    pattern: request.pattern ?? null,
    matcher: request.matcher ?? null,
  };
  if (request.ticket) body['ticket'] = request.ticket;
  if (request.replyTo) {
    body['reply_to'] = { exchange: request.replyTo.exchange, routing_key: request.replyTo.routingKey };
  }
  const headers = { clock: request.clock ?? 0, expires: request.expires ?? 0 };
  return toMessage(codecOf(options).encode(body, options), headers, 2);
}

/** Throws ContentDisallowedError, LimitExceededError, DecodeError (naming the malformed field). */
export function decodeControlRequest(message: Message, options: DecodeOptions = {}): ControlRequest {
  const body = codecOf(options).decode(message);
  if (!isRecord(body)) throw malformed('the body is not an object');
  const { method, arguments: args, destination } = body;
  if (typeof method !== 'string' || method === '') throw malformed('method is not a string');
  if (args !== null && args !== undefined && !isRecord(args)) throw malformed('arguments is not an object');
  return {
    method,
    arguments: args ?? {},
    destination: destinationOf(destination),
    pattern: optionalText(body, 'pattern'),
    matcher: optionalText(body, 'matcher'),
    ticket: optionalText(body, 'ticket'),
    replyTo: replyToOf(body['reply_to']),
    clock: numberOf(message.headers['clock']),
    expires: numberOf(message.headers['expires']),
  };
}

/** True when a request came too late. `now` is in Unix seconds. */
export function isControlRequestExpired(request: ControlRequest, now: number = Date.now() / 1000): boolean {
  return request.expires > 0 && now > request.expires;
}

/**
 * Whether a node is meant: it is in `destination`, or matches the pattern, or neither is given. Throws DecodeError for
 * an unknown matcher or a pattern that is no regular expression or takes too long.
 */
export function isControlRequestFor(request: ControlRequest, node: string): boolean {
  const { destination, pattern, matcher } = request;
  if (destination !== null && destination.length > 0) return destination.includes(node);
  if (!pattern || !matcher) return true;
  if (matcher === 'glob') return globMatch(node, pattern);
  if (matcher === 'pcre') return regExpMatch(node, pattern);
  throw malformed(`matcher ${JSON.stringify(matcher)} is neither glob nor pcre`);
}

const MATCH_MS = 50;

/** Python's `re.match`, anchored at the start. The pattern is a stranger's, so it gets a time limit. */
function regExpMatch(text: string, pattern: string): boolean {
  try {
    return runInNewContext(
      'new RegExp("^(?:" + pattern + ")").test(text)',
      { pattern, text },
      { timeout: MATCH_MS },
    ) as boolean;
  } catch (cause) {
    throw new DecodeError(`Malformed control request: cannot match ${JSON.stringify(pattern)}`, { cause });
  }
}

/** One node's answer to a control request. */
export interface ControlReply {
  /** Name of the node that answers. */
  hostname: string;
  value: unknown;
  ticket: string | null;
  clock: number;
}

export function encodeControlReply(reply: ControlReply, options: EncodeOptions = {}): Message {
  const encoded = codecOf(options).encode({ [reply.hostname]: reply.value }, options);
  return toMessage(encoded, { ticket: reply.ticket, clock: reply.clock }, 1);
}

/** Throws ContentDisallowedError, LimitExceededError, DecodeError. */
export function decodeControlReply(message: Message, options: DecodeOptions = {}): ControlReply {
  const body = codecOf(options).decode(message);
  const entries = isRecord(body) ? Object.entries(body) : [];
  const [entry] = entries;
  if (entry === undefined || entries.length !== 1) {
    throw new DecodeError('Malformed control reply: expected one hostname with its value');
  }
  const { ticket } = message.headers;
  return {
    hostname: entry[0],
    value: entry[1],
    ticket: typeof ticket === 'string' ? ticket : null,
    clock: numberOf(message.headers['clock']),
  };
}

function toMessage(encoded: EncodedBody, headers: Record<string, unknown>, deliveryMode: number): Message {
  const { body, contentType, contentEncoding, compression } = encoded;
  if (compression !== undefined) headers['compression'] = compression;
  return { body, contentType, contentEncoding, headers, properties: { deliveryMode, priority: 0 } };
}

function malformed(why: string): DecodeError {
  return new DecodeError(`Malformed control request: ${why}`);
}

function optionalText(body: Record<string, unknown>, name: string): string | null {
  const value = body[name];
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return null;
  throw malformed(`${name} is not a string`);
}

function destinationOf(value: unknown): string[] | null {
  if (value === null || value === undefined) return null;
  const list: unknown[] = Array.isArray(value) ? value : [value];
  if (!list.every((item) => typeof item === 'string')) throw malformed('destination is not a list of names');
  return list;
}

function replyToOf(value: unknown): ReplyTo | null {
  if (value === null || value === undefined) return null;
  if (!isRecord(value)) throw malformed('reply_to is not an object');
  const { exchange, routing_key: routingKey } = value;
  if (typeof exchange !== 'string') throw malformed('reply_to.exchange is not a string');
  if (typeof routingKey !== 'string') throw malformed('reply_to.routing_key is not a string');
  return { exchange, routingKey };
}

function numberOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
