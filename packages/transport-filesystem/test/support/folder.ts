import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Delivery, Message } from '@pool/transport';
import { FilesystemTransport, type FilesystemTransportOptions } from '@pool/transport-filesystem';
import { onTestFinished } from 'vitest';

export async function createFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pool-filesystem-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export async function open(
  folder: string,
  options: FilesystemTransportOptions = {},
): Promise<FilesystemTransport> {
  const transport = new FilesystemTransport(`filesystem://${folder}`, options);
  onTestFinished(() => transport.close());
  await transport.connect();
  return transport;
}

export function message(text: string): Message {
  return {
    body: Buffer.from(text),
    contentType: 'text/plain',
    contentEncoding: 'utf-8',
    headers: {},
    properties: {},
  };
}

export function textOf({ message: { body } }: Delivery): string {
  return Buffer.from(body).toString();
}

export function send(
  transport: FilesystemTransport,
  queue: string,
  texts: readonly string[],
): Promise<unknown> {
  return Promise.all(texts.map((text) => transport.publish(message(text), { routingKey: queue })));
}

/** Takes that many messages, and does with each what is asked. */
export async function take(
  transport: FilesystemTransport,
  queue: string,
  count: number,
  each: (delivery: Delivery) => void = (delivery) => delivery.ack(),
): Promise<Delivery[]> {
  const deliveries: Delivery[] = [];
  let full!: () => void;
  const came = new Promise<void>((resolve) => {
    full = resolve;
  });
  const consumer = await transport.consume({
    queues: [queue],
    prefetch: count,
    onDeliveries: (batch) => {
      deliveries.push(...batch);
      for (const delivery of batch) each(delivery);
      if (deliveries.length >= count) full();
    },
  });
  await came;
  await consumer.cancel();
  await transport.flush();
  return deliveries;
}

/** Waits for what no event tells. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + 20_000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`it did not come to pass: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
