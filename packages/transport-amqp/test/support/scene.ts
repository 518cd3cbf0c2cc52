import { randomUUID } from 'node:crypto';
import type { Message } from '@pool/message';
import type { ConsumeOptions, Consumer, Delivery, Transport } from '@pool/transport';
import { type AmqpTransportOptions, createTransport } from '@pool/transport-amqp';
import { onTestFinished, vi } from 'vitest';

/** What a test gets when it waits: never is far longer than a slow machine takes. */
const PATIENCE = { timeout: 60_000, interval: 10 };

/** Looks again and again until it holds. */
export function until(check: () => void | Promise<void>): Promise<void> {
  return vi.waitFor(check, PATIENCE);
}

export function named(what: string): string {
  return `${what}-${randomUUID()}`;
}

export function text(body: string, headers: Record<string, unknown> = {}): Message {
  return {
    body: Buffer.from(body),
    contentType: 'text/plain',
    contentEncoding: 'utf-8',
    headers,
    properties: {},
  };
}

export function textOf(delivery: Delivery): string {
  return Buffer.from(delivery.message.body).toString();
}

/** A connected transport, closed after the test. Reconnects without much waiting. */
export async function open(
  url: string | readonly string[],
  options: AmqpTransportOptions = {},
): Promise<Transport> {
  const transport = createTransport(url, { reconnect: { initial: 0.05, max: 0.5 }, ...options });
  onTestFinished(() => transport.close());
  await transport.connect();
  return transport;
}

/** A consumer and what it was given, which it holds unless `each` settles it. */
export interface Taker {
  readonly consumer: Consumer;
  readonly deliveries: Delivery[];
  readonly texts: string[];
}

export async function take(
  transport: Transport,
  queue: string | readonly string[],
  options: Partial<ConsumeOptions> = {},
  each: (delivery: Delivery) => void = () => {},
): Promise<Taker> {
  const deliveries: Delivery[] = [];
  const texts: string[] = [];
  const consumer = await transport.consume({
    queues: typeof queue === 'string' ? [queue] : queue,
    ...options,
    onDeliveries(batch) {
      for (const delivery of batch) {
        deliveries.push(delivery);
        texts.push(textOf(delivery));
        each(delivery);
      }
    },
  });
  return { consumer, deliveries, texts };
}
