import { Buffer } from 'node:buffer';
import { DecodeError } from './errors.js';
import { checkHeaderCount } from './header-limits.js';
import { inspectTree, parseJsonText } from './json-decode.js';
import { encodeJsonText, type JsonEncodeSettings } from './json-encode.js';
import { KOMBU_JSON_TYPES } from './json-types.js';
import { DEFAULT_LIMITS, limitExceeded, type MessageLimits } from './limits.js';
import type { DeliveryInfo, Message, MessageProperties } from './message.js';
import { isRecord } from './record.js';
import { asBuffer, decodeUtf8 } from './text.js';

export interface EnvelopeOptions {
  exchange: string;
  routingKey: string;
  /** Must be unique: brokers without acks of their own keep the message under this key while it is unacknowledged. */
  deliveryTag: string;
  /** @default false */
  redelivered?: boolean | undefined;
}

/** A message out of an envelope, with what the envelope says about its delivery. */
export interface DecodedEnvelope {
  message: Message;
  deliveryInfo: DeliveryInfo;
  deliveryTag: string;
  /** How often it was delivered before, as `markRedelivered` counted; kombu marks but does not count, so 1 may be more. */
  deliveryCount: number;
}

/** How a message that is given back is marked. */
export interface RedeliveryOptions {
  /** How often it was delivered so far, for brokers that do not count; kombu carries the count along. */
  deliveryCount?: number | undefined;
  /** @default DEFAULT_LIMITS */
  limits?: Readonly<MessageLimits> | undefined;
}

/** Where the number of earlier deliveries is kept: among the properties, which kombu carries along. */
const COUNT_PROPERTY = 'x_delivery_count';

const ENCODING: JsonEncodeSettings = {
  types: KOMBU_JSON_TYPES,
  maxDepth: DEFAULT_LIMITS.maxDepth,
  nonFinite: 'python',
  typed: true,
};

/**
 * The envelope of the transports without properties of their own (Redis, file system, SQS, ZooKeeper, memory): one
 * JSON text with all that kombu's consumers need. Throws EncodeError for a header without a form in JSON.
 */
export function encodeEnvelope(message: Message, options: EnvelopeOptions): string {
  const body = asBuffer(message.body).toString('base64');
  return (
    `{"body":"${body}","content-encoding":${JSON.stringify(message.contentEncoding)},` +
    `"content-type":${JSON.stringify(message.contentType)},` +
    `"headers":${encodeJsonText(message.headers, ENCODING)},` +
    `"properties":${encodeProperties(message.properties, options)}}`
  );
}

function encodeProperties(properties: MessageProperties, options: EnvelopeOptions): string {
  const { exchange, routingKey, deliveryTag, redelivered } = options;
  const wire = {
    correlation_id: properties.correlationId,
    reply_to: properties.replyTo,
    delivery_mode: properties.deliveryMode ?? 2,
    expiration: properties.expiration,
    message_id: properties.messageId,
    timestamp: properties.timestamp,
    type: properties.type,
    user_id: properties.userId,
    app_id: properties.appId,
    cluster_id: properties.clusterId,
    delivery_info: {
      exchange,
      routing_key: routingKey,
      redelivered: redelivered === true ? true : undefined,
    },
    priority: properties.priority ?? 0,
    body_encoding: 'base64',
    delivery_tag: deliveryTag,
  };
  // Everything of ours is text and numbers, which need no check.
  if (properties.extra === undefined) return JSON.stringify(wire);
  return encodeJsonText({ ...properties.extra, ...wire }, ENCODING);
}

/**
 * Reads an envelope, as kombu or anybody else wrote it: what is missing gets its default, what is of the wrong kind is
 * refused. The body is not looked into. Integers beyond 2**53 in headers come rounded, unlike those in a body. Throws DecodeError, LimitExceededError.
 */
export function decodeEnvelope(
  envelope: string | Uint8Array,
  limits: Readonly<MessageLimits> = DEFAULT_LIMITS,
): DecodedEnvelope {
  const parsed = parseEnvelope(envelope, limits);
  const wire = recordOf(parsed['properties'], 'properties');
  const headers = recordOf(parsed['headers'], 'headers');
  const info = recordOf(wire['delivery_info'], 'delivery_info');
  const redelivered =
    info['redelivered'] === true || headers['redelivered'] === true || parsed['redelivered'] === true;
  return {
    message: {
      body: bodyOf(parsed['body'], wire['body_encoding'], limits),
      contentType: textOf(parsed['content-type'], 'content-type') ?? 'application/data',
      contentEncoding: textOf(parsed['content-encoding'], 'content-encoding') ?? 'utf-8',
      headers,
      properties: propertiesOf(wire),
    },
    deliveryInfo: {
      exchange: textOf(info['exchange'], 'exchange') ?? '',
      routingKey: textOf(info['routing_key'], 'routing_key') ?? '',
      redelivered,
    },
    deliveryTag: tagOf(wire['delivery_tag']),
    deliveryCount: countOf(wire[COUNT_PROPERTY]) ?? (redelivered ? 1 : 0),
  };
}

/**
 * The same envelope, marked as delivered before, at both places where kombu puts and looks for the mark, and counted.
 * Throws DecodeError, LimitExceededError.
 */
export function markRedelivered(envelope: string | Uint8Array, options: RedeliveryOptions = {}): string {
  const { deliveryCount, limits = DEFAULT_LIMITS } = options;
  parseEnvelope(envelope, limits);
  const text = typeof envelope === 'string' ? envelope : decodeUtf8(envelope);
  // It goes back to the broker, so integers must stay exact.
  const parsed = asEnvelope(parseJsonText(text, limits.maxDepth, true));
  const wire = recordOf(parsed['properties'], 'properties');
  const headers = { ...recordOf(parsed['headers'], 'headers'), redelivered: true };
  const info = { ...recordOf(wire['delivery_info'], 'delivery_info'), redelivered: true };
  const count = deliveryCount === undefined ? {} : { [COUNT_PROPERTY]: deliveryCount };
  const properties = { ...wire, delivery_info: info, ...count };
  return encodeJsonText({ ...parsed, headers, properties }, { ...ENCODING, maxDepth: limits.maxDepth });
}

/** The envelope as plain data: an object within all limits. */
function parseEnvelope(
  envelope: string | Uint8Array,
  limits: Readonly<MessageLimits>,
): Record<string, unknown> {
  const { maxBodyBytes, maxHeaderBytes } = limits;
  if (envelope.length > Math.ceil(maxBodyBytes / 3) * 4 + maxHeaderBytes) {
    throw limitExceeded('maxBodyBytes', maxBodyBytes, 'Envelope');
  }
  const text = typeof envelope === 'string' ? envelope : decodeUtf8(envelope);
  const parsed = asEnvelope(tryParse(text) ?? parseJsonText(text, limits.maxDepth, false));
  const { body } = parsed;
  const size = text.length - (typeof body === 'string' ? body.length : 0);
  if (size > maxHeaderBytes) {
    throw limitExceeded('maxHeaderBytes', maxHeaderBytes, 'Envelope without its body');
  }
  if (mayBreakLimits(text, size, limits)) {
    inspectTree(parsed, limits.maxDepth, limits.maxDepth);
    checkHeaderCount(recordOf(parsed['headers'], 'headers'), limits);
  }
  return parsed;
}

/**
 * False when the text alone shows that a walk through the envelope would find nothing, which spares nearly every
 * message the walk, a quarter of the whole cost: a level of nesting takes two characters and a header five, and a key
 * that changes prototypes must be spelt out somewhere, or escaped.
 */
function mayBreakLimits(text: string, size: number, limits: Readonly<MessageLimits>): boolean {
  return (
    size > limits.maxDepth * 2 ||
    size > limits.maxHeaders * 5 ||
    text.includes('__proto__') ||
    text.includes('"constructor"') ||
    text.includes('\\u')
  );
}

/** One of these is in every envelope. */
const PARTS = ['body', 'headers', 'properties'];

function asEnvelope(parsed: unknown): Record<string, unknown> {
  if (!isRecord(parsed)) throw new DecodeError('Not an envelope: the JSON is not an object');
  // Something else altogether: as a message it would be an empty one, and what it says would be lost.
  if (!PARTS.some((part) => Object.hasOwn(parsed, part)))
    throw new DecodeError(`Not an envelope: it has none of ${PARTS.join(', ')}`);
  return parsed;
}

/** Undefined for what is not JSON, or only because Python wrote NaN into it. */
function tryParse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function recordOf(value: unknown, name: string): Record<string, unknown> {
  if (isRecord(value)) return value;
  if (value === undefined || value === null) return {};
  throw new DecodeError(`Malformed envelope: ${name} is not an object`);
}

function textOf(value: unknown, name: string): string | undefined {
  if (typeof value === 'string') return value;
  if (value === undefined || value === null) return undefined;
  throw new DecodeError(`Malformed envelope: ${name} is not a string`);
}

function tagOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  if (value === undefined || value === null) return '';
  throw new DecodeError('Malformed envelope: delivery_tag is not a string');
}

function bodyOf(body: unknown, encoding: unknown, limits: Readonly<MessageLimits>): Uint8Array {
  if (body === undefined || body === null) return Buffer.alloc(0);
  if (typeof body !== 'string') throw new DecodeError('Malformed envelope: body is not a string');
  const bytes = Buffer.from(body, encoding === 'base64' ? 'base64' : 'utf8');
  if (bytes.length <= limits.maxBodyBytes) return bytes;
  throw limitExceeded('maxBodyBytes', limits.maxBodyBytes, 'Body of an envelope');
}

function propertiesOf(wire: Record<string, unknown>): MessageProperties {
  const properties: MessageProperties = {
    correlationId: undefined,
    replyTo: undefined,
    priority: undefined,
    deliveryMode: undefined,
    expiration: undefined,
  };
  for (const name in wire) {
    const value = wire[name];
    switch (name) {
      case 'correlation_id':
        properties.correlationId = textOf(value, name);
        break;
      case 'reply_to':
        properties.replyTo = textOf(value, name);
        break;
      case 'priority':
        properties.priority = numberOf(value, name);
        break;
      case 'delivery_mode':
        properties.deliveryMode = numberOf(value, name);
        break;
      case 'expiration':
        properties.expiration = typeof value === 'number' ? String(value) : textOf(value, name);
        break;
      case 'delivery_info':
      case 'body_encoding':
      case 'delivery_tag':
      case COUNT_PROPERTY:
        break;
      default:
        addRare(properties, name, value);
    }
  }
  return properties;
}

function addRare(properties: MessageProperties, name: string, value: unknown): void {
  switch (name) {
    case 'message_id':
      properties.messageId = textOf(value, name);
      break;
    case 'timestamp':
      properties.timestamp = numberOf(value, name);
      break;
    case 'type':
      properties.type = textOf(value, name);
      break;
    case 'user_id':
      properties.userId = textOf(value, name);
      break;
    case 'app_id':
      properties.appId = textOf(value, name);
      break;
    case 'cluster_id':
      properties.clusterId = textOf(value, name);
      break;
    default:
      properties.extra ??= {};
      properties.extra[name] = value;
  }
}

function countOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function numberOf(value: unknown, name: string): number | undefined {
  if (typeof value === 'number') return value;
  if (value === undefined || value === null) return undefined;
  throw new DecodeError(`Malformed envelope: ${name} is not a number`);
}
