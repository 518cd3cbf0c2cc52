import { requireSharedRabbitmq } from '@pool/servers/vitest';
import { next } from '@pool/servers/waiting';
import { ConnectionError, NotDeclaredError, PublishError, UnroutableError } from '@pool/transport';
import { expect, test } from 'vitest';
import { named, open, take, text, until } from './support/scene.js';
import { watchedProxy } from './support/watched-proxy.js';

const rabbitmq = await requireSharedRabbitmq();

test('a message that the broker refuses is an error, and those beside it arrive', async () => {
  const transport = await open(rabbitmq.url);
  const [full, free] = [named('full'), named('free')];
  const bounded = { 'x-max-length': 1, 'x-overflow': 'reject-publish' };
  await transport.declareQueue({ name: full, arguments: bounded });
  await transport.declareQueue({ name: free });
  await transport.publish(text('first'), { routingKey: full });
  const [refused, ...arrived] = await Promise.allSettled([
    transport.publish(text('second'), { routingKey: full }),
    ...Array.from({ length: 20 }, (_, i) => transport.publish(text(`${i}`), { routingKey: free })),
  ]);
  expect(refused.status === 'rejected' && refused.reason).toBeInstanceOf(PublishError);
  expect(refused).toMatchObject({ reason: { message: expect.stringContaining('its queue is full') } });
  expect(arrived.every(({ status }) => status === 'fulfilled')).toBe(true);
  expect(await transport.queueSize(free)).toBe(20);
  expect(transport.stats.published).toBe(21);
});

test('a message that no queue takes is counted, and is an error to whoever minds', async () => {
  const transport = await open(rabbitmq.url);
  const exchange = named('exchange');
  await transport.declareExchange({ name: exchange, type: 'topic' });
  await transport.publish(text('lost'), { exchange, routingKey: 'a.b' });
  expect(transport.stats.unroutable).toBe(1);
  const minded = transport.publish(text('minded'), { exchange, routingKey: 'a.b', mandatory: true });
  await expect(minded).rejects.toThrow(UnroutableError);
  await expect(minded).rejects.toThrow(`exchange "${exchange}" for routing key "a.b": NO_ROUTE`);
  expect(transport.stats.unroutable).toBe(2);
});

test('an exchange that is not there is an error of its message alone', async () => {
  const transport = await open(rabbitmq.url);
  const queue = named('queue');
  await transport.declareQueue({ name: queue });
  const exchange = named('nowhere');
  const [missing, arrived] = await Promise.allSettled([
    transport.publish(text('a'), { exchange, routingKey: '' }),
    transport.publish(text('b'), { routingKey: queue }),
  ]);
  expect(missing).toMatchObject({ status: 'rejected', reason: expect.any(NotDeclaredError) });
  expect(missing).toMatchObject({ reason: { message: expect.stringContaining(exchange) } });
  expect(arrived.status).toBe('fulfilled');
});

test('headers that do not fit into a frame are an error of their message alone', async () => {
  const transport = await open(rabbitmq.url);
  const queue = named('queue');
  await transport.declareQueue({ name: queue });
  const [large, arrived] = await Promise.allSettled([
    transport.publish(text('a', { large: 'x'.repeat(100_000) }), { routingKey: queue }),
    transport.publish(text('b'), { routingKey: queue }),
  ]);
  expect(large).toMatchObject({ status: 'rejected', reason: expect.any(PublishError) });
  expect(arrived.status).toBe('fulfilled');
});

test('a message that was on its way when the connection was lost is a ConnectionError', async () => {
  const { proxy, url } = await watchedProxy(rabbitmq);
  const transport = await open(url);
  const queue = named('queue');
  await transport.declareQueue({ name: queue });
  await transport.publish(text('first'), { routingKey: queue });
  proxy.swallow();
  const onItsWay = transport.publish(text('second'), { routingKey: queue });
  const told = expect(onItsWay).rejects.toThrow(ConnectionError);
  const again = next(transport, 'connected');
  proxy.cut();
  proxy.pass();
  await told;
  await expect(onItsWay).rejects.toThrow('may or may not have arrived');
  // Waits for the connection to return.
  await transport.publish(text('third'), { routingKey: queue });
  await again;
  expect(transport.stats.reconnects).toBe(1);
});

test('a producer has one connection, and one more once it consumes', async () => {
  const { proxy, url } = await watchedProxy(rabbitmq);
  const transport = await open(url);
  const queue = named('queue');
  await transport.declareQueue({ name: queue });
  await transport.publish(text('first'), { routingKey: queue });
  expect(proxy.connections).toBe(1);
  const { consumer, texts } = await take(transport, queue);
  const sent = Array.from({ length: 50 }, (_, i) => transport.publish(text(`${i}`), { routingKey: queue }));
  await Promise.all(sent);
  expect(proxy.connections).toBe(2);
  await until(() => expect(texts).toEqual(['first', ...Array.from({ length: 50 }, (_, i) => `${i}`)]));
  await consumer.cancel();
  await transport.close();
  await until(() => expect(proxy.connections).toBe(0));
});
