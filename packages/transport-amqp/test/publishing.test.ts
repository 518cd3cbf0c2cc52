import { requireServer } from '@pool/servers/vitest';
import { ConnectionError, NotDeclaredError, PublishError, UnroutableError } from '@pool/transport';
import { expect, test } from 'vitest';
import { named, next, open, take, text, until } from './support/scene.js';
import { watchedProxy } from './support/watched-proxy.js';

const rabbitmq = await requireServer('rabbitmq');

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

test('while memory runs short publishes wait, acks and deliveries go on, and it is said once', async () => {
  const transport = await open(rabbitmq.url);
  const producer = await open(rabbitmq.url, { maxWaitingPublishes: 3 });
  const queue = named('queue');
  await transport.declareQueue({ name: queue });
  for (let i = 0; i < 5; i++) await transport.publish(text(`before ${i}`), { routingKey: queue });
  const { consumer, deliveries, texts } = await take(transport, queue, { prefetch: 2 });
  const told: string[] = [];
  transport.on('blocked', (reason) => told.push(reason));
  transport.on('unblocked', () => told.push('unblocked'));

  await rabbitmq.ctl('set_vm_memory_high_watermark', '0.000001');
  const [blocked, alsoBlocked] = [next(transport, 'blocked'), next(producer, 'blocked')];
  let confirmed = 0;
  const waiting = Array.from({ length: 3 }, (_, i) =>
    transport.publish(text(`during ${i}`), { routingKey: queue }).then(() => {
      confirmed += 1;
    }),
  );
  const theirs = [0, 1, 2].map((i) => producer.publish(text(`theirs ${i}`), { routingKey: queue }));
  await Promise.all([blocked, alsoBlocked]);
  await expect(producer.publish(text('too much'), { routingKey: queue })).rejects.toThrow(
    /takes no messages \(low on memory\) and 3 wait/,
  );
  // What was there is consumed and acknowledged meanwhile, by the same transport whose publishes wait.
  await until(() => expect(deliveries.length).toBe(2));
  for (let seen = 0; texts.length < 5 || seen < 5; ) {
    for (; seen < deliveries.length; seen++) deliveries[seen]?.ack();
    await until(() => expect(deliveries.length).toBeGreaterThanOrEqual(Math.min(5, seen + 1)));
  }
  await consumer.proveConsumption();
  expect(texts).toEqual([0, 1, 2, 3, 4].map((i) => `before ${i}`));
  expect(confirmed).toBe(0);

  // Whoever gives up need not wait for the end of it.
  const leaving = await open(rabbitmq.url);
  const given = next(leaving, 'blocked');
  const never = leaving.publish(text('never'), { routingKey: named('nowhere') });
  const refused = expect(never).rejects.toThrow(ConnectionError);
  await given;
  await leaving.close();
  await refused;

  await rabbitmq.ctl('set_vm_memory_high_watermark', '0.4');
  await Promise.all([...waiting, ...theirs]);
  await until(() => {
    for (const delivery of deliveries) delivery.ack();
    expect(texts.length).toBe(11);
  });
  expect(told).toEqual(['low on memory', 'unblocked']);
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
