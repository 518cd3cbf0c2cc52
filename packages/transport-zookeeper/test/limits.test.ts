import { randomBytes, randomUUID } from 'node:crypto';
import type { Message } from '@pool/message';
import { requireServer } from '@pool/servers/vitest';
import type { Delivery, Transport } from '@pool/transport';
import { createTransport } from '@pool/transport-zookeeper';
import { afterEach, expect, test } from 'vitest';

const server = await requireServer('zookeeper');
const open: Transport[] = [];

async function connected(): Promise<Transport> {
  const transport = createTransport(`${server.url}/${randomUUID()}`, { sessionTimeout: 4 });
  await transport.connect();
  open.push(transport);
  return transport;
}

function messageOf(body: Uint8Array): Message {
  return {
    body,
    contentType: 'application/data',
    contentEncoding: 'binary',
    headers: { n: 1 },
    properties: {},
  };
}

afterEach(async () => {
  for (const transport of open.splice(0)) await transport.close();
});

test('bodies of bytes arrive exactly many in one turn, more than one request holds', async () => {
  const transport = await connected();
  await transport.declareQueue({ name: 'bytes' });
  const bodies = [Buffer.alloc(0), ...Array.from({ length: 8 }, () => randomBytes(200_000))];
  await Promise.all(bodies.map((body) => transport.publish(messageOf(body), { routingKey: 'bytes' })));
  const came: Delivery[] = [];
  await new Promise<void>((resolve, reject) => {
    const onDeliveries = (deliveries: Delivery[]): void => {
      for (const delivery of deliveries) delivery.ack();
      came.push(...deliveries);
      if (came.length >= bodies.length) resolve();
    };
    transport.consume({ queues: ['bytes'], prefetch: 10, onDeliveries }).catch(reject);
  });
  const hex = (body: Uint8Array): string => Buffer.from(body).toString('hex');
  expect(new Set(came.map(({ message }) => hex(message.body)))).toEqual(new Set(bodies.map(hex)));
  expect(came[0]?.message.headers).toEqual({ n: 1 });
});

test('a message above what ZooKeeper takes is refused, alone, and the session lives on', async () => {
  const transport = await connected();
  await transport.declareQueue({ name: 'large' });
  const large = transport.publish(messageOf(randomBytes(1_500_000)), { routingKey: 'large' });
  const small = transport.publish(messageOf(Buffer.from('x')), { routingKey: 'large' });
  await expect(large).rejects.toMatchObject({ code: 'ERR_POOL_PUBLISH' });
  await small;
  expect(await transport.queueSize('large')).toBe(1);
});
