import { codecOf, type DecodeOptions, type EncodeOptions } from './codec.js';
import { DecodeError } from './errors.js';
import type { Message } from './message.js';
import { isRecord } from './record.js';

/** Exchange of the monitoring events: topic, on Redis fanout with patterns. */
export const EVENT_EXCHANGE = 'celeryev';

/** A monitoring event in its wire form; the fields depend on `type`. */
export interface WorkerEvent {
  /** e.g. `task-received`, `worker-heartbeat`. */
  type: string;
  /** Node that sent it. */
  hostname: string;
  /** Hours west of UTC. */
  utcoffset: number;
  pid: number;
  /** Logical clock of the sender. */
  clock: number;
  /** Unix seconds, with fractions. */
  timestamp: number;
  [field: string]: unknown;
}

export interface EventSource {
  hostname: string;
  clock: number;
  /** @default process.pid */
  pid?: number | undefined;
  /** Unix seconds. @default now */
  timestamp?: number | undefined;
}

/** A complete event. Without `clock`, `utcoffset` and `pid` monitors fail, so all are there. */
export function createEvent(
  type: string,
  fields: Readonly<Record<string, unknown>>,
  source: EventSource,
): WorkerEvent {
  const { hostname, clock, pid = process.pid, timestamp = Date.now() / 1000 } = source;
  return { ...fields, type, hostname, utcoffset: utcOffset(), pid, clock, timestamp };
}

/** Offset of the local time in whole hours west of UTC, rounded down as Celery does. */
export function utcOffset(date: Date = new Date()): number {
  return Math.floor(date.getTimezoneOffset() / 60);
}

/** The part of an event type before the first dash: `task` of `task-sent`. */
export function eventGroup(type: string): string {
  const dash = type.indexOf('-');
  return dash === -1 ? type : type.slice(0, dash);
}

/** `task-received` goes out under `task.received`. */
export function eventRoutingKey(type: string): string {
  return type.replaceAll('-', '.');
}

/** An event message with the key to publish it under on `EVENT_EXCHANGE`. */
export interface EncodedEvents {
  message: Message;
  routingKey: string;
}

/** One event, or a batch of events of one group (`task.multi`). Throws EncodeError, TypeError for an empty batch. */
export function encodeEvents(
  events: WorkerEvent | readonly WorkerEvent[],
  options: EncodeOptions = {},
): EncodedEvents {
  const first = isBatch(events) ? events[0] : events;
  if (first === undefined) throw new TypeError('Expected at least one event');
  const encoded = codecOf(options).encode(events, options);
  const headers: Record<string, unknown> = { hostname: first.hostname };
  if (encoded.compression !== undefined) headers['compression'] = encoded.compression;
  const { body, contentType, contentEncoding } = encoded;
  return {
    message: { body, contentType, contentEncoding, headers, properties: { deliveryMode: 1, priority: 0 } },
    routingKey: isBatch(events) ? `${eventGroup(first.type)}.multi` : eventRoutingKey(first.type),
  };
}

function isBatch(events: WorkerEvent | readonly WorkerEvent[]): events is readonly WorkerEvent[] {
  return Array.isArray(events);
}

/**
 * The events of a message, one or a batch. Fields of the base that a sender left out are filled with neutral values.
 * Throws ContentDisallowedError, LimitExceededError, DecodeError.
 */
export function decodeEvents(message: Message, options: DecodeOptions = {}): WorkerEvent[] {
  const body = codecOf(options).decode(message);
  const list: unknown[] = Array.isArray(body) ? body : [body];
  return list.map((event) => eventOf(event, message));
}

function eventOf(value: unknown, message: Message): WorkerEvent {
  if (!isRecord(value) || typeof value['type'] !== 'string') {
    throw new DecodeError('Malformed event: it has no type');
  }
  const { type, hostname, utcoffset, pid, clock, timestamp } = value;
  const sender = typeof hostname === 'string' ? hostname : message.headers['hostname'];
  return {
    ...value,
    type,
    hostname: typeof sender === 'string' ? sender : '',
    utcoffset: numberOf(utcoffset),
    pid: numberOf(pid),
    clock: numberOf(clock),
    timestamp: numberOf(timestamp),
  };
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}
