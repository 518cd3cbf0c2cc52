import type { Message } from '@pool/message';
import type { ConsumeOptions } from './consumer.js';
import type { Binding, ExchangeDeclaration, QueueDeclaration } from './declarations.js';
import type { PublishOptions } from './publish-options.js';
import type { ResolvedConsumeOptions, ResolvedPublishOptions } from './transport-options.js';

/** Throws a `TypeError` unless `prefetch` is a whole number, 0 or more. */
export function checkPrefetch(prefetch: unknown): void {
  if (!Number.isSafeInteger(prefetch) || (prefetch as number) < 0) {
    throw new TypeError('prefetch must be a whole number, 0 (unlimited) or more');
  }
}

export function checkName(name: unknown, what: string): void {
  if (typeof name !== 'string' || name === '') {
    throw new TypeError(`the name of a ${what} must be a non-empty string`);
  }
}

export function resolveExchange(declaration: ExchangeDeclaration): Required<ExchangeDeclaration> {
  checkName(declaration.name, 'exchange');
  const { type = 'direct' } = declaration;
  if (type !== 'direct' && type !== 'topic' && type !== 'fanout') {
    throw new TypeError(`an exchange is direct, topic or fanout, not ${String(type)}`);
  }
  return { durable: true, autoDelete: false, arguments: {}, ...declaration, type };
}

export function checkQueue(declaration: QueueDeclaration): void {
  if (declaration.name !== '') checkName(declaration.name, 'queue');
  checkSeconds(declaration.expires, 'expires');
  checkSeconds(declaration.messageTtl, 'messageTtl');
}

export function resolveBinding(binding: Binding): Required<Binding> {
  checkName(binding.queue, 'queue');
  checkName(binding.exchange, 'exchange');
  return { routingKey: '', arguments: {}, ...binding };
}

export function resolvePublish(message: Message, options: PublishOptions): ResolvedPublishOptions {
  if (!(message?.body instanceof Uint8Array)) {
    throw new TypeError('a message needs a body of bytes (Uint8Array)');
  }
  const { exchange = '', routingKey, delay = 0, mandatory = false } = options;
  if (typeof routingKey !== 'string') throw new TypeError('routingKey must be a string');
  const priority = options.priority ?? message.properties.priority ?? 0;
  if (!(priority >= 0 && priority <= 255)) throw new TypeError('priority must be a number from 0 to 9');
  checkSeconds(options.expiration, 'expiration');
  checkSeconds(delay, 'delay');
  const expiration = options.expiration ?? secondsOf(message.properties.expiration);
  return { exchange, routingKey, priority, expiration, delay, mandatory };
}

export function resolveConsume(options: ConsumeOptions): ResolvedConsumeOptions {
  const { prefetch = 0, noAck = false, onDeliveries, onCancelled } = options;
  if (typeof onDeliveries !== 'function') throw new TypeError('onDeliveries must be a function');
  for (const queue of options.queues) checkName(queue, 'queue');
  checkPrefetch(prefetch);
  return { queues: [...new Set(options.queues)], prefetch, noAck, onDeliveries, onCancelled };
}

function checkSeconds(value: unknown, name: string): void {
  if (value === undefined) return;
  if (typeof value !== 'number' || !(value >= 0)) {
    throw new TypeError(`${name} must be a number of seconds, 0 or more`);
  }
}

/** AMQP carries an expiration as milliseconds in decimal text; nonsense never expires. */
function secondsOf(milliseconds: string | undefined): number | undefined {
  if (milliseconds === undefined) return undefined;
  const value = Number(milliseconds);
  return Number.isFinite(value) && value >= 0 ? value / 1000 : undefined;
}
