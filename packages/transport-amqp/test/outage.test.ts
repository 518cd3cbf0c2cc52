import { requireSharedRabbitmq } from '@pool/servers/vitest';
import { next } from '@pool/servers/waiting';
import { expect, test } from 'vitest';
import { named, open, take, text, until } from './support/scene.js';
import { watchedProxy } from './support/watched-proxy.js';

const rabbitmq = await requireSharedRabbitmq();

test('an ack that comes after its connection died is stale, and never another message’s', async () => {
  const { proxy, url } = await watchedProxy(rabbitmq);
  const transport = await open(url);
  const queue = named('queue');
  await transport.declareQueue({ name: queue });
  for (const name of ['a', 'b']) await transport.publish(text(name), { routingKey: queue });
  const { deliveries, texts } = await take(transport, queue, { prefetch: 1 });
  await until(() => expect(texts).toEqual(['a']));
  const again = next(transport, 'connected');
  proxy.cut();
  await again;
  // On the new connection the same message has the same number.
  await until(() => expect(texts).toEqual(['a', 'a']));
  expect(deliveries.map(({ tag, epoch, redelivered }) => [tag, epoch, redelivered])).toEqual([
    [1, 1, false],
    [1, 2, true],
  ]);
  deliveries[0]?.ack();
  expect(deliveries[0]?.settled).toBe('stale');
  await transport.flush();
  expect(transport.stats).toMatchObject({ stale: 1, acked: 0 });
  expect(texts).toEqual(['a', 'a']);
  deliveries[1]?.ack();
  await until(() => expect(texts).toEqual(['a', 'a', 'b']));
});

test('a connection that has gone silent is found dead by its heartbeats, and replaced', async () => {
  const { proxy, url } = await watchedProxy(rabbitmq);
  const transport = await open(url, { heartbeat: 1 });
  const queue = named('queue');
  await transport.declareQueue({ name: queue });
  const { texts } = await take(transport, queue, {}, (delivery) => delivery.ack());
  const lost = next(transport, 'disconnected');
  const again = next(transport, 'connected');
  proxy.swallow();
  proxy.pass();
  // Both ends listen for the other's: whichever misses them first ends the connection.
  expect((await lost)[0].message).toMatch(/Heartbeat timeout|Unexpected close/);
  expect(await again).toEqual([2]);
  await transport.publish(text('after'), { routingKey: queue });
  await until(() => expect(texts).toEqual(['after']));
});

test('passwords are in no error', async () => {
  const url = rabbitmq.url.replace('guest:guest', 'guest:s3cret');
  const refused = await open(url).catch((error: Error) => error);
  expect(refused).toBeInstanceOf(Error);
  expect((refused as Error).message).toContain('ACCESS_REFUSED');
  expect(refused).toMatchObject({ code: 'ERR_POOL_BROKER_REFUSED' });
  expect(String((refused as Error).stack) + JSON.stringify(refused)).not.toContain('s3cret');
});
