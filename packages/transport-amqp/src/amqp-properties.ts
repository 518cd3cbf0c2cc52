import type { Message, MessageProperties } from '@pool/message';
import type { ResolvedPublishOptions } from '@pool/transport';
import type { MessageProperties as AmqpProperties, Options } from 'amqplib';

/** A message's properties as amqplib takes them. */
export function toAmqp(message: Message, options: ResolvedPublishOptions): Options.Publish {
  const { properties } = message;
  const publish: Options.Publish = {
    contentType: message.contentType,
    contentEncoding: message.contentEncoding,
    headers: message.headers,
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
