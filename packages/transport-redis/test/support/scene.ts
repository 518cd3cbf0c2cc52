import { randomUUID } from 'node:crypto';
import type { Message } from '@pool/message';
import type { RedisServer } from '@pool/servers';
import { until } from '@pool/servers/waiting';
import type { Consumer, Delivery, PublishOptions, Transport } from '@pool/transport';
import { createTransport, type RedisTransportOptions } from '@pool/transport-redis';
import { onTestFinished } from 'vitest';

/** Connects a transport that is closed when the test ends. */
export async function connect(url: string, options: RedisTransportOptions = {}): Promise<Transport> {
  const transport = create(url, options);
  await transport.connect();
  return transport;
}

/** A transport that is not connected; closed when the test ends. Its attempts to reconnect come fast. */
export function create(url: string, options: RedisTransportOptions = {}): Transport {
  const transport = createTransport(url, { reconnect: { initial: 0.05, max: 0.5 }, ...options });
  onTestFinished(() => transport.close());
  return transport;
}

export function message(text: string, parts: Partial<Message> = {}): Message {
  return {
    body: Buffer.from(text),
    contentType: 'application/json',
    contentEncoding: 'utf-8',
    headers: {},
    properties: { correlationId: randomUUID() },
    ...parts,
  };
}

export async function send(
  transport: Transport,
  queue: string,
  texts: readonly string[],
  options: Partial<PublishOptions> = {},
): Promise<void> {
  await Promise.all(texts.map((text) => transport.publish(message(text), { routingKey: queue, ...options })));
}

export const textOf = (delivery: Delivery): string => Buffer.from(delivery.message.body).toString();

/** What a consumer was given. */
export interface Gathered {
  readonly consumer: Consumer;
  readonly deliveries: Delivery[];
  readonly texts: string[];
  /** Waits until that many have come in all. */
  count(count: number): Promise<void>;
}

/** Consumes and keeps what comes; acks it unless told otherwise. */
export async function gather(
  transport: Transport,
  queues: string | readonly string[],
  { prefetch = 0, each = (delivery: Delivery) => delivery.ack() } = {},
): Promise<Gathered> {
  const deliveries: Delivery[] = [];
  const texts: string[] = [];
  const consumer = await transport.consume({
    queues: typeof queues === 'string' ? [queues] : queues,
    prefetch,
    onDeliveries: (batch) => {
      for (const delivery of batch) {
        deliveries.push(delivery);
        texts.push(textOf(delivery));
        each(delivery);
      }
    },
  });
  const count = (wanted: number) => until(() => deliveries.length >= wanted, `${wanted} deliveries`);
  return { consumer, deliveries, texts, count };
}

/** How often the server ran each command since `CONFIG RESETSTAT`, those in scripts included. */
export async function commandCalls(redis: RedisServer): Promise<Record<string, number>> {
  const stats = await redis.command('INFO', 'commandstats');
  return Object.fromEntries(
    Array.from(stats.matchAll(/cmdstat_([^:]+):calls=(\d+)/g), ([, name, calls]) => [name, Number(calls)]),
  );
}

/** Lets time pass, where what happens meanwhile is counted. */
export function elapse(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
