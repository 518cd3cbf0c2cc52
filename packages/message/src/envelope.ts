import { Buffer } from 'node:buffer';
import { DecodeError } from './errors.js';
import { refuseUnsafeKey } from './harden.js';
import { encodeJsonText, type JsonEncodeSettings } from './json-encode.js';
import { KOMBU_JSON_TYPES } from './json-types.js';
import { DEFAULT_LIMITS, limitExceeded, type MessageLimits } from './limits.js';
import type { DeliveryInfo, Message, MessageProperties } from './message.js';
import { isRecord } from './signature.js';
import { asBuffer } from './text.js';

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
}

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
  const { properties } = message;
  const deliveryInfo: Record<string, unknown> = {
    exchange: options.exchange,
    routing_key: options.routingKey,
  };
  if (options.redelivered === true) deliveryInfo['redelivered'] = true;
  const wire: Record<string, unknown> = {
    ...properties.extra,
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
    delivery_info: deliveryInfo,
    priority: properties.priority ?? 0,
    body_encoding: 'base64',
    delivery_tag: options.deliveryTag,
  };
  const body = asBuffer(message.body).toString('base64');
  return (
    `{"body": "${body}", "content-encoding": ${JSON.stringify(message.contentEncoding)}, ` +
    `"content-type": ${JSON.stringify(message.contentType)}, ` +
    `"headers": ${encodeJsonText(message.headers, ENCODING)}, "properties": ${encodeJsonText(wire, ENCODING)}}`
  );
}

/**
 * Reads an envelope, as kombu or anybody else wrote it: what is missing gets its default, what is of the wrong kind is
 * refused. The body is not looked into. Throws DecodeError, LimitExceededError.
 */
export function decodeEnvelope(
  envelope: string | Uint8Array,
  limits: Readonly<MessageLimits> = DEFAULT_LIMITS,
): DecodedEnvelope {
  const text = typeof envelope === 'string' ? envelope : asBuffer(envelope).toString('utf8');
  const maxText = Math.ceil(limits.maxBodyBytes / 3) * 4 + limits.maxHeaderBytes;
  if (text.length > maxText) throw limitExceeded('maxBodyBytes', limits.maxBodyBytes, 'An envelope');
  const parsed = parse(text);
  const wire = recordOf(parsed['properties'], 'properties');
  const body = bodyOf(parsed['body'], wire['body_encoding']);
  const bodyLength = typeof parsed['body'] === 'string' ? parsed['body'].length : 0;
  if (text.length - bodyLength > limits.maxHeaderBytes) {
    throw limitExceeded('maxHeaderBytes', limits.maxHeaderBytes, 'Headers and properties of an envelope');
  }
  if (body.length > limits.maxBodyBytes) {
    throw limitExceeded('maxBodyBytes', limits.maxBodyBytes, 'Body of an envelope');
  }
  const headers = recordOf(parsed['headers'], 'headers');
  checkHeaders(headers, limits);
  const info = recordOf(wire['delivery_info'], 'delivery_info');
  return {
    message: {
      body,
      contentType: textOf(parsed['content-type'], 'content-type') ?? 'application/data',
      contentEncoding: textOf(parsed['content-encoding'], 'content-encoding') ?? 'utf-8',
      headers,
      properties: propertiesOf(wire),
    },
    deliveryInfo: {
      exchange: textOf(info['exchange'], 'exchange') ?? '',
      routingKey: textOf(info['routing_key'], 'routing_key') ?? '',
      redelivered:
        info['redelivered'] === true || headers['redelivered'] === true || parsed['redelivered'] === true,
    },
    deliveryTag: tagOf(wire['delivery_tag']),
  };
}

function parse(text: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new DecodeError(`Not an envelope: ${(error as Error).message}`, { cause: error });
  }
  if (!isRecord(parsed)) throw new DecodeError('Not an envelope: the JSON is not an object');
  return parsed;
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

function bodyOf(body: unknown, encoding: unknown): Uint8Array {
  if (typeof body === 'string') return Buffer.from(body, encoding === 'base64' ? 'base64' : 'utf8');
  if (body === undefined || body === null) return Buffer.alloc(0);
  throw new DecodeError('Malformed envelope: body is not a string');
}

function checkHeaders(headers: Record<string, unknown>, limits: Readonly<MessageLimits>): void {
  let count = 0;
  for (const name in headers) {
    if (++count > limits.maxHeaders)
      throw limitExceeded('maxHeaders', limits.maxHeaders, 'Number of headers');
    const value = headers[name];
    if (name === '__proto__' || name === 'constructor') refuseUnsafeKey(name, value);
    if (typeof value === 'object' && value !== null) checkNested(value, limits.maxDepth - 1, limits.maxDepth);
  }
}

function checkNested(value: object, depth: number, maxDepth: number): void {
  if (depth <= 0) throw limitExceeded('maxDepth', maxDepth, 'Nesting of a header');
  for (const key in value) {
    const member: unknown = (value as Record<string, unknown>)[key];
    if (key === '__proto__' || key === 'constructor') refuseUnsafeKey(key, member);
    if (typeof member === 'object' && member !== null) checkNested(member, depth - 1, maxDepth);
  }
}

function propertiesOf(wire: Record<string, unknown>): MessageProperties {
  const properties: MessageProperties = {
    correlationId: textOf(wire['correlation_id'], 'correlation_id'),
    replyTo: textOf(wire['reply_to'], 'reply_to'),
    priority: numberOf(wire['priority'], 'priority'),
    deliveryMode: numberOf(wire['delivery_mode'], 'delivery_mode'),
    expiration: expirationOf(wire['expiration']),
  };
  for (const name in wire) {
    if (!COMMON_PROPERTIES.has(name)) addRare(properties, name, wire[name]);
  }
  return properties;
}

const COMMON_PROPERTIES: ReadonlySet<string> = new Set([
  'correlation_id',
  'reply_to',
  'priority',
  'delivery_mode',
  'expiration',
  'delivery_info',
  'body_encoding',
  'delivery_tag',
]);

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
    case '__proto__':
      refuseUnsafeKey(name, value);
      break;
    default:
      properties.extra ??= {};
      properties.extra[name] = value;
  }
}

function numberOf(value: unknown, name: string): number | undefined {
  if (typeof value === 'number') return value;
  if (value === undefined || value === null) return undefined;
  throw new DecodeError(`Malformed envelope: ${name} is not a number`);
}

function expirationOf(value: unknown): string | undefined {
  return typeof value === 'number' ? String(value) : textOf(value, 'expiration');
}
