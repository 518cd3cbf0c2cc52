import { randomUUID } from 'node:crypto';
import type { Delivery, Message } from '@pool/transport';
import { MemoryTransport, type MemoryTransportOptions } from '@pool/transport-memory';
import { afterEach, describe, expect, it } from 'vitest';

const opened: MemoryTransport[] = [];

async function open(name: string, options: MemoryTransportOptions = {}): Promise<MemoryTransport> {
  const transport = new MemoryTransport(`memory://${name}`, options);
  opened.push(transport);
  await transport.connect();
  return transport;
}

function message(text: string, headers: Record<string, unknown> = {}): Message {
  return {
    body: Buffer.from(text),
    contentType: 'text/plain',
    contentEncoding: 'utf-8',
    headers,
    properties: {},
  };
}

function take(transport: MemoryTransport, queue: string, count: number): Promise<Delivery[]> {
  return new Promise((resolve, reject) => {
    const deliveries: Delivery[] = [];
    const onDeliveries = (batch: Delivery[]): void => {
      deliveries.push(...batch);
      if (deliveries.length >= count) resolve(deliveries);
    };
    transport.consume({ queues: [queue], onDeliveries }).catch(reject);
  });
}

const textOf = (delivery: Delivery): string => Buffer.from(delivery.message.body).toString();

afterEach(async () => {
  await Promise.all(opened.splice(0).map((transport) => transport.close()));
});

describe('a broker in memory', () => {
  it('is shared by name, and only by name', async () => {
    const name = randomUUID();
    const [one, two, other] = [await open(name), await open(name), await open(randomUUID())];
    await one.publish(message('a'), { routingKey: 'q' });
    expect(await two.queueSize('q')).toBe(1);
    expect(await other.queueSize('q')).toBe(0);
  });

  it('keeps what waits while nobody is connected, and is forgotten when nothing does', async () => {
    const name = randomUUID();
    const first = await open(name);
    await first.declareExchange({ name: 'x', type: 'direct' });
    await first.publish(message('a'), { routingKey: 'q' });
    await first.close();
    const second = await open(name);
    const [delivery] = await take(second, 'q', 1);
    delivery?.ack();
    await second.close();
    const third = await open(name);
    const publish = third.publish(message('b'), { exchange: 'x', routingKey: '' });
    await expect(publish).rejects.toMatchObject({ code: 'ERR_POOL_NOT_DECLARED' });
  });

  it('puts what is given back to the front, in its order', async () => {
    const transport = await open(randomUUID());
    const texts = ['1', '2', '3', '4', '5'];
    await Promise.all(texts.map((text) => transport.publish(message(text), { routingKey: 'q' })));
    const first = await open(transport.url.path);
    await take(first, 'q', 5);
    await transport.publish(message('6'), { routingKey: 'q' });
    await first.close();
    const again = await take(transport, 'q', 6);
    expect(again.map(textOf)).toEqual([...texts, '6']);
    expect(again.map(({ deliveryCount }) => deliveryCount)).toEqual([1, 1, 1, 1, 1, 0]);
  });

  it('keeps messages that were set aside in a queue, with their reason, and not too many', async () => {
    const transport = await open(randomUUID(), { maxSetAside: 2 });
    await Promise.all(['a', 'b', 'c'].map((text) => transport.publish(message(text), { routingKey: 'q' })));
    for (const delivery of await take(transport, 'q', 3)) {
      await transport.setAside(delivery, `no ${textOf(delivery)}`);
    }
    const rejected = await take(transport, 'q.rejected', 2);
    expect(rejected.map(textOf)).toEqual(['b', 'c']);
    expect(rejected.map(({ message: { headers } }) => headers)).toEqual([
      { 'x-rejected-reason': 'no b', 'x-rejected-queue': 'q' },
      { 'x-rejected-reason': 'no c', 'x-rejected-queue': 'q' },
    ]);
    expect(await transport.queueSize('q.rejected')).toBe(0);
  });

  it('serves ten thousand messages of all priorities in order', async () => {
    const transport = await open(randomUUID());
    const sent = Array.from({ length: 10_000 }, (_, i) => ({ text: String(i), priority: (i * 7) % 10 }));
    await Promise.all(
      sent.map(({ text, priority }) => transport.publish(message(text), { routingKey: 'q', priority })),
    );
    const expected = [...sent].sort((a, b) => b.priority - a.priority).map(({ text }) => text);
    const deliveries = await take(transport, 'q', sent.length);
    expect(deliveries.map(textOf)).toEqual(expected);
  });
});
