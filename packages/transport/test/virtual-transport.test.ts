import { once } from 'node:events';
import type { Delivery } from '@pool/transport';
import { afterEach, describe, expect, it } from 'vitest';
import { FlakyTransport } from './support/flaky-transport.js';
import { message } from './support/messages.js';

const opened: FlakyTransport[] = [];

async function connected(settings: Partial<FlakyTransport> = {}): Promise<FlakyTransport> {
  const transport = new FlakyTransport('redis://h', { pollInterval: 0.02 });
  Object.assign(transport, settings);
  opened.push(transport);
  await transport.connect();
  return transport;
}

/** Publishes the texts and waits until they have come. */
async function given(transport: FlakyTransport, texts: readonly string[]): Promise<Delivery[]> {
  const deliveries: Delivery[] = [];
  await Promise.all(texts.map((text) => transport.publish(message(text), { routingKey: 'q' })));
  await new Promise<void>((resolve, reject) => {
    const onDeliveries = (batch: Delivery[]): void => {
      deliveries.push(...batch);
      if (deliveries.length === texts.length) resolve();
    };
    transport.consume({ queues: ['q'], onDeliveries }).catch(reject);
  });
  return deliveries;
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((transport) => transport.close()));
});

describe('publishes', () => {
  it('of one turn travel together', async () => {
    const transport = await connected();
    await Promise.all(
      Array.from({ length: 50 }, (_, i) => transport.publish(message(String(i)), { routingKey: 'q' })),
    );
    expect(transport.broker.puts).toBe(1);
  });

  it('that cannot be stored fail alone', async () => {
    const transport = await connected();
    const outcomes = await Promise.allSettled([
      transport.publish(message('a'), { routingKey: 'q' }),
      transport.publish(message('b', 'unstorable'), { routingKey: 'q' }),
      transport.publish(message('c'), { routingKey: 'q' }),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await transport.queueSize('q')).toBe(2);
  });

  it('are cut into batches the broker can bear', async () => {
    const transport = new FlakyTransport('redis://h', { maxBatch: 20 });
    opened.push(transport);
    await transport.connect();
    await Promise.all(
      Array.from({ length: 50 }, (_, i) => transport.publish(message(String(i)), { routingKey: 'q' })),
    );
    expect(transport.broker.puts).toBe(3);
    expect(await transport.queueSize('q')).toBe(50);
  });
});

describe('settlements', () => {
  it('of one turn travel together', async () => {
    const transport = await connected();
    const deliveries = await given(transport, ['a', 'b', 'c', 'd']);
    deliveries[0]?.ack();
    deliveries[1]?.reject();
    deliveries[2]?.reject({ requeue: true });
    deliveries[3]?.ack();
    await transport.flush();
    expect(transport.broker.settlements).toBe(1);
    expect([...transport.broker.settled].sort()).toEqual(['acked a', 'acked d', 'rejected b', 'requeued c']);
  });

  it('of what the broker had taken back are counted and told', async () => {
    const transport = await connected();
    const told: Delivery[] = [];
    transport.on('staleSettlement', (delivery) => told.push(delivery));
    const [a, b] = await given(transport, ['a', 'b']);
    transport.takenBack.add('a');
    a?.ack();
    b?.ack();
    await transport.flush();
    expect(told).toEqual([a]);
    expect(transport.stats).toMatchObject({ acked: 1, stale: 1 });
  });

  it('of what the lease was lost of are not sent', async () => {
    const transport = await connected();
    const [a, b] = await given(transport, ['a', 'b']);
    const [consumer] = transport.consumers;
    expect(consumer?.unacked).toBe(2);
    transport.loseLease([a as Delivery]);
    expect(consumer?.unacked).toBe(1);
    a?.ack();
    b?.ack();
    await transport.flush();
    expect(a?.settled).toBe('stale');
    expect(transport.broker.settled).toEqual(['acked b']);
    expect(transport.stats).toMatchObject({ acked: 1, stale: 1 });
  });

  it('of a delivery whose setting aside failed hold it as before', async () => {
    const transport = await connected();
    const [a] = await given(transport, ['a']);
    transport.failNextPutAside = new Error('no room');
    await expect(transport.setAside(a as Delivery, 'bad')).rejects.toThrow('no room');
    await transport.flush();
    expect(a?.settled).toBeUndefined();
    expect(transport.broker.settled).toEqual([]);
    expect(transport.stats).toMatchObject({ setAside: 0, rejected: 0 });
    await transport.setAside(a as Delivery, 'bad');
    await transport.flush();
    expect(transport.broker.settled).toEqual(['aside a']);
    expect(transport.stats).toMatchObject({ setAside: 1, rejected: 1 });
  });

  it('of a delivery that was settled while it could not be set aside are sent', async () => {
    const transport = await connected();
    const [a] = await given(transport, ['a']);
    transport.failNextPutAside = new Error('no room');
    const failed = expect(transport.setAside(a as Delivery, 'bad')).rejects.toThrow('no room');
    a?.reject({ requeue: true });
    await failed;
    await transport.flush();
    expect(transport.broker.settled).toEqual(['requeued a']);
  });
});

describe('leases', () => {
  it('are renewed while something is held, and only then', async () => {
    const transport = await connected({ lease: 0.03 });
    const deliveries = await given(transport, ['a', 'b']);
    const { broker } = transport;
    const start = broker.renewals;
    while (broker.renewals < start + 3) await new Promise((resolve) => setTimeout(resolve, 5));
    for (const delivery of deliveries) delivery.ack();
    const held = broker.renewals;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(broker.renewals).toBeLessThanOrEqual(held + 1);
  });

  it('of the dead are looked for', async () => {
    const transport = await connected({ restoreEvery: 0.01 });
    const restored = once(transport, 'restored');
    transport.broker.lost = 3;
    expect(await restored).toEqual([3]);
    expect(transport.stats.restored).toBe(3);
  });
});

it('goes on taking after messages that are none', async () => {
  const transport = await connected();
  const texts = ['bad 1', 'bad 2', 'good'];
  await Promise.all(
    texts.map((text) =>
      transport.publish(message(text, text.startsWith('bad') ? 'broken' : 'text/plain'), { routingKey: 'q' }),
    ),
  );
  const deliveries: Delivery[] = [];
  const asides: string[] = [];
  transport.on('setAside', ({ tag, reason, place }) => asides.push(`${tag}: ${reason}, ${place}`));
  await new Promise<void>((resolve, reject) => {
    const onDeliveries = (batch: Delivery[]): void => {
      deliveries.push(...batch);
      resolve();
    };
    transport.consume({ queues: ['q'], prefetch: 1, onDeliveries }).catch(reject);
  });
  await transport.flush();
  expect(deliveries.map(({ tag }) => tag)).toEqual(['good']);
  expect(asides).toEqual(['bad 1: not a message, aside', 'bad 2: not a message, aside']);
  expect(transport.state).toBe('connected');
});

it('surfaces what a consumer throws, and goes on', async () => {
  const transport = await connected();
  const seen: string[] = [];
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  const uncaught = once(process, 'uncaughtException');
  try {
    await transport.consume({
      queues: ['q'],
      onDeliveries: (deliveries) => {
        seen.push(...deliveries.map(({ tag }) => String(tag)));
        for (const delivery of deliveries) delivery.ack();
        if (seen.length === 1) throw new Error('a fault of the program');
      },
    });
    await transport.publish(message('a'), { routingKey: 'q' });
    expect((await uncaught)[0]).toMatchObject({ message: 'a fault of the program' });
  } finally {
    for (const listener of listeners) process.on('uncaughtException', listener);
  }
  await transport.publish(message('b'), { routingKey: 'q' });
  while (seen.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(seen).toEqual(['a', 'b']);
});

it('cancels a consumer that begins while the transport closes', async () => {
  const transport = await connected();
  const consuming = transport.consume({ queues: ['q'], onDeliveries: () => {} });
  const refused = expect(consuming).rejects.toMatchObject({ code: 'ERR_POOL_TRANSPORT_CLOSED' });
  await transport.close();
  await refused;
  expect(transport.consumers.size).toBe(0);
});
