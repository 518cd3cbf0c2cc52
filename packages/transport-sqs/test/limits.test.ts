import { randomBytes, randomUUID } from 'node:crypto';
import { CreateQueueCommand, GetQueueUrlCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Message } from '@pool/message';
import { requireServer } from '@pool/servers/vitest';
import type { Delivery, Transport } from '@pool/transport';
import { createTransport } from '@pool/transport-sqs';
import { afterEach, expect, test } from 'vitest';
import { sqsQueueName } from '../src/queue-name.js';

const sqs = await requireServer('sqs');
const open: Transport[] = [];

async function connected(): Promise<Transport> {
  const transport = createTransport(sqs.url, { visibilityTimeout: 30, waitTime: 1 });
  await transport.connect();
  open.push(transport);
  return transport;
}

function messageOf(body: Uint8Array): Message {
  return {
    body,
    contentType: 'application/json',
    contentEncoding: 'utf-8',
    headers: { n: 1 },
    properties: {},
  };
}

/** Acks and resolves to the first `count` messages of a queue. */
async function receive(transport: Transport, queue: string, count: number): Promise<Delivery[]> {
  const came: Delivery[] = [];
  await new Promise<void>((resolve, reject) => {
    const onDeliveries = (deliveries: Delivery[]): void => {
      for (const delivery of deliveries) delivery.ack();
      came.push(...deliveries);
      if (came.length >= count) resolve();
    };
    transport.consume({ queues: [queue], prefetch: 10, onDeliveries }).catch(reject);
  });
  await transport.flush();
  return came;
}

afterEach(async () => {
  for (const transport of open.splice(0)) await transport.close();
});

test('names of queues are made as kombu makes them', () => {
  expect(sqsQueueName('celery', '')).toBe('celery');
  expect(sqsQueueName('a.b:c', 'x-')).toBe('x-a-b_c');
  expect(sqsQueueName('orders.eu.fifo', '')).toBe('orders-eu.fifo');
});

test('bodies of bytes arrive exactly, many in one turn, more than one request holds', async () => {
  const transport = await connected();
  const queue = `bytes.${randomUUID()}`;
  await transport.declareQueue({ name: queue });
  const bodies = Array.from({ length: 12 }, () => randomBytes(200_000));
  await Promise.all(bodies.map((body) => transport.publish(messageOf(body), { routingKey: queue })));
  const came = await receive(transport, queue, bodies.length);
  const hex = (body: Uint8Array): string => Buffer.from(body).toString('hex');
  expect(new Set(came.map(({ message }) => hex(message.body)))).toEqual(new Set(bodies.map(hex)));
  expect(came[0]?.message.headers).toEqual({ n: 1 });
});

test('a message that SQS does not take is refused, with the reason', async () => {
  const transport = await connected();
  const queue = `large.${randomUUID()}`;
  await transport.declareQueue({ name: queue });
  const publish = transport.publish(messageOf(randomBytes(2_000_000)), { routingKey: queue });
  await expect(publish).rejects.toMatchObject({ code: 'ERR_POOL_PUBLISH' });
});

test('a direct exchange leads to the queues that this process bound', async () => {
  const transport = await connected();
  const [exchange, queue] = [`exchange.${randomUUID()}`, `queue.${randomUUID()}`];
  await transport.declareExchange({ name: exchange });
  await transport.declareQueue({ name: queue });
  await transport.bindQueue({ exchange, queue, routingKey: 'k' });
  await transport.publish(messageOf(Buffer.from('1')), { exchange, routingKey: 'other' });
  await transport.publish(messageOf(Buffer.from('2')), { exchange, routingKey: 'k' });
  const came = await receive(transport, queue, 1);
  expect(came.map(({ message }) => String(message.body))).toEqual(['2']);
});

test('a queue that is purged is empty', async () => {
  const transport = await connected();
  const queue = `purged.${randomUUID()}`;
  await transport.declareQueue({ name: queue });
  for (let i = 0; i < 3; i++) await transport.publish(messageOf(Buffer.from('1')), { routingKey: queue });
  expect(await transport.purgeQueue(queue)).toBe(3);
  expect(await transport.queueSize(queue)).toBe(0);
});

test('JSON that somebody else put into a queue comes as a message with that body', async () => {
  const transport = await connected();
  const queue = `plain-${randomUUID()}`;
  const client = new SQSClient({ region: sqs.region, endpoint: sqs.endpoint, credentials: sqs.credentials });
  await client.send(new CreateQueueCommand({ QueueName: queue }));
  const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: queue }));
  await client.send(new SendMessageCommand({ QueueUrl, MessageBody: '{"hello": [1]}' }));
  client.destroy();
  const [delivery] = await receive(transport, queue, 1);
  expect(JSON.parse(String(Buffer.from(delivery?.message.body ?? [])))).toEqual({ hello: [1] });
});
