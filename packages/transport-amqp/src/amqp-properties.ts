import type { Message, MessageProperties } from '@pool/message';
import type { ResolvedPublishOptions } from '@pool/transport';
import type { MessageProperties as AmqpProperties, Options } from 'amqplib';

/** A message's properties as amqplib takes them. */
export function toAmqp(message: Message, options: ResolvedPublishOptions): Options.Publish {
  const { properties } = message;
  const publish: Options.Publish = {
    contentType: message.contentType,
    contentEncoding: message.contentEncoding,
    headers: withPlainNumbers(message.headers) as Record<string, unknown>,
    deliveryMode: properties.deliveryMode ?? 2,
    priority: options.priority,
    mandatory: options.mandatory,
  };
  if (options.expiration !== undefined) publish.expiration = String(Math.round(options.expiration * 1000));
  if (properties.correlationId !== undefined) publish.correlationId = properties.correlationId;
  if (properties.replyTo !== undefined) publish.replyTo = properties.replyTo;
  if (properties.messageId !== undefined) publish.messageId = properties.messageId;
  if (properties.timestamp !== undefined) publish.timestamp = properties.timestamp;
  if (properties.type !== undefined) publish.type = properties.type;
  if (properties.userId !== undefined) publish.userId = properties.userId;
  if (properties.appId !== undefined) publish.appId = properties.appId;
  return publish;
}

/**
 * Headers whose numbers everybody reads alike. Where amqplib writes an integer as a `short`, from 128 on, Python's library
 * reads a string, fails, and its worker loses the connection over that message again and again; what is below 0 it reads
 * without sign, unless it is an `int` or a `double`. What needs no other type stays as it is, uncopied.
 */
function withPlainNumbers(value: unknown): unknown {
  if (typeof value === 'number') return plainNumber(value);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  // Has its type, as what was received may.
  if (Object.hasOwn(value, '!')) return value;
  let copy: Record<string, unknown> | unknown[] | undefined;
  for (const key in value) {
    const before = (value as Record<string, unknown>)[key];
    const after = withPlainNumbers(before);
    if (after === before) continue;
    copy ??= Array.isArray(value) ? [...value] : { ...value };
    (copy as Record<string, unknown>)[key] = after;
  }
  return copy ?? value;
}

function plainNumber(value: number): unknown {
  if (!Number.isInteger(value) || (value >= 0 && value < 0x80) || value >= 0x80000000) return value;
  return { '!': value >= -0x80000000 ? 'int' : 'double', value };
}

/** A message out of what amqplib received. */
export function fromAmqp(body: Uint8Array, properties: AmqpProperties): Message {
  const kept: MessageProperties = {
    correlationId: text(properties.correlationId),
    replyTo: text(properties.replyTo),
    priority: number(properties.priority),
    deliveryMode: number(properties.deliveryMode),
    expiration: text(properties.expiration),
    messageId: text(properties.messageId),
    timestamp: number(properties.timestamp),
    type: text(properties.type),
    userId: text(properties.userId),
    appId: text(properties.appId),
  };
  return {
    body,
    contentType: text(properties.contentType) ?? 'application/data',
    contentEncoding: text(properties.contentEncoding) ?? 'utf-8',
    headers: (properties.headers as Record<string, unknown> | undefined) ?? {},
    properties: kept,
  };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
