import { requireSharedRabbitmq } from '@pool/servers/vitest';
import { next } from '@pool/servers/waiting';
import { DeclarationMismatchError, NotDeclaredError } from '@pool/transport';
import { connect as amqp } from 'amqplib';
import { expect, onTestFinished, test } from 'vitest';
import { named, open, take, text, until } from './support/scene.js';
import { type MethodFrame, watchedProxy } from './support/watched-proxy.js';

const rabbitmq = await requireSharedRabbitmq();

const [BASIC, QOS, CONSUME, ACK] = [60, 10, 20, 80];
const count = (frames: readonly MethodFrame[], method: number): number =>
  frames.filter(({ classId, methodId }) => classId === BASIC && methodId === method).length;

test('a queue that is deleted under a consumer is made again with its bindings, and consumed again', async () => {
  const [transport, other] = [await open(rabbitmq.url), await open(rabbitmq.url)];
  const [queue, kept, exchange] = [named('queue'), named('kept'), named('exchange')];
  await transport.declareExchange({ name: exchange, type: 'topic' });
  for (const name of [queue, kept]) await transport.declareQueue({ name, maxPriority: 5 });
  await transport.bindQueue({ queue, exchange, routingKey: 'a.*' });
  const told: string[] = [];
  transport.on('consumerCancelled', (_, name) => told.push(name));
  const resumed = next(transport, 'consumerResumed');
  const { consumer, texts } = await take(transport, [queue, kept]);
  await other.deleteQueue(queue);
  expect((await resumed)[1]).toBe(queue);
  await other.publish(text('routed'), { exchange, routingKey: 'a.b', mandatory: true });
  await other.publish(text('kept'), { routingKey: kept, mandatory: true });
  await until(() => expect([...texts].sort()).toEqual(['kept', 'routed']));
  expect(told).toEqual([queue]);
  expect(consumer.queues).toEqual([queue, kept]);
  expect(transport.stats.reconnects).toBe(0);
});

test('a queue that is deleted here stays deleted', async () => {
  const transport = await open(rabbitmq.url);
  const [queue, kept] = [named('queue'), named('kept')];
  for (const name of [queue, kept]) await transport.declareQueue({ name });
  const { consumer } = await take(transport, [queue, kept]);
  await transport.deleteQueue(queue);
  await until(() => expect(consumer.queues).toEqual([kept]));
  await expect(transport.queueStatus(queue)).rejects.toThrow(NotDeclaredError);
  await consumer.proveConsumption();
});

test('what is declared otherwise is an error that names both declarations', async () => {
  const [transport, other] = [await open(rabbitmq.url), await open(rabbitmq.url)];
  const [queue, exchange] = [named('queue'), named('exchange')];
  await other.declareQueue({ name: queue, maxPriority: 10 });
  await other.declareExchange({ name: exchange, type: 'topic' });
  const wanted = transport.declareQueue({ name: queue, maxPriority: 3 });
  await expect(wanted).rejects.toThrow(DeclarationMismatchError);
  await expect(wanted).rejects.toThrow(new RegExp(`queue ${queue}.*'10'.*"x-max-priority":3`));
  const direct = transport.declareExchange({ name: exchange });
  await expect(direct).rejects.toThrow(new RegExp(`exchange ${exchange}.*'topic'.*"type":"direct"`));
  await expect(take(transport, named('nowhere'))).rejects.toThrow(NotDeclaredError);
});

test('a pause costs a consumer without acks no message', async () => {
  const transport = await open(rabbitmq.url);
  const queue = named('queue');
  await transport.declareQueue({ name: queue });
  const all = Array.from({ length: 200 }, (_, i) => `${i}`);
  await Promise.all(all.map((body) => transport.publish(text(body), { routingKey: queue })));
  let atFirst = (): void => {};
  const { consumer, texts } = await take(transport, queue, { noAck: true }, () => atFirst());
  atFirst = () => consumer.pause();
  await until(() => expect(texts.length).toBeGreaterThan(0));
  await consumer.proveConsumption();
  const before = texts.length;
  await transport.flush();
  expect(texts.length).toBe(before);
  atFirst = () => {};
  consumer.resume();
  await until(() => expect(texts).toEqual(all));
});

test('a message that nobody should read and that cannot be set aside is held, and told of once', async () => {
  const transport = await open(rabbitmq.url);
  const queue = named('queue');
  for (const name of [queue, `${queue}.rejected`]) {
    const full = { 'x-max-length': 0, 'x-overflow': 'reject-publish' };
    await transport.declareQueue({ name, arguments: name === queue ? {} : full });
  }
  const failures: string[] = [];
  transport.on('setAsideFailed', (name) => failures.push(name));
  const setAside = next(transport, 'setAside');
  const { texts } = await take(transport, queue, { prefetch: 2 }, (delivery) => delivery.ack());
  const connection = await amqp(rabbitmq.url);
  onTestFinished(() => connection.close());
  const channel = await connection.createConfirmChannel();
  const headers = JSON.parse('{"__proto__": {"polluted": true}}') as Record<string, unknown>;
  channel.sendToQueue(queue, Buffer.from('hostile'), { headers });
  await channel.waitForConfirms();
  await until(() => expect(failures).toEqual([queue]));
  await transport.publish(text('good'), { routingKey: queue });
  await until(() => expect(texts).toEqual(['good']));
  await transport.deleteQueue(`${queue}.rejected`);
  expect((await setAside)[0]).toMatchObject({ queue, place: `${queue}.rejected` });
  expect(failures).toEqual([queue]);
  // It was never given back.
  expect(transport.stats).toMatchObject({ delivered: 2, requeued: 0, setAside: 1 });
});

test('acks of one turn are one frame where the order allows', async () => {
  const { url, sent } = await watchedProxy(rabbitmq);
  const transport = await open(url);
  const queue = named('queue');
  await transport.declareQueue({ name: queue });
  const { deliveries } = await take(transport, queue);
  for (let i = 0; i < 10; i++) await transport.publish(text(`${i}`), { routingKey: queue });
  await until(() => expect(deliveries.length).toBe(10));
  sent.length = 0;
  for (const i of [2, 0, 1, 3, 7]) deliveries[i]?.ack();
  await transport.flush();
  // One for the first four, and one for the one out of order, which must not take those before it along.
  const frames = sent.filter(({ classId, methodId }) => classId === BASIC && methodId === ACK);
  expect(frames.map(({ args }) => [Number(args.readBigUInt64BE(0)), args.readUInt8(8)])).toEqual([
    [4, 1],
    [8, 0],
  ]);
  await transport.close();
  const rest = await take(await open(rabbitmq.url), queue);
  await until(() => expect(rest.texts).toEqual(['4', '5', '6', '8', '9']));
});

test.each([
  { queueType: 'classic', renewed: 0 },
  { queueType: 'quorum', renewed: 1 },
])('a prefetch is changed without a reconnect on a $queueType queue', async ({ queueType, renewed }) => {
  const { url, sent } = await watchedProxy(rabbitmq);
  const transport = await open(url);
  const queue = named('queue');
  await transport.declareQueue({ name: queue, queueType });
  for (let i = 0; i < 6; i++) await transport.publish(text(`${i}`), { routingKey: queue });
  const { consumer, deliveries } = await take(transport, queue, { prefetch: 1 });
  await until(() => expect(deliveries.length).toBe(1));
  sent.length = 0;
  await consumer.setPrefetch(3);
  expect(count(sent, QOS)).toBe(1);
  expect(count(sent, CONSUME)).toBe(renewed);
  // On a quorum queue what the first consumer held does not count for the renewed one.
  await until(() => expect(deliveries.length).toBe(3 + renewed));
  await consumer.proveConsumption();
  expect(deliveries.length).toBe(3 + renewed);
  expect(transport.epoch).toBe(1);
  for (const delivery of deliveries) delivery.ack();
  await until(() => expect(deliveries.length).toBe(6));
  await transport.deleteQueue(queue);
});

test('a quorum queue can be added to a consumer of classic ones', async () => {
  const transport = await open(rabbitmq.url);
  const [classic, quorum] = [named('classic'), named('quorum')];
  await transport.declareQueue({ name: classic });
  await transport.declareQueue({ name: quorum, queueType: 'quorum' });
  const { consumer, texts } = await take(transport, classic, { prefetch: 2 });
  await consumer.addQueue(quorum);
  for (const queue of [classic, quorum]) await transport.publish(text(queue), { routingKey: queue });
  await until(() => expect([...texts].sort()).toEqual([classic, quorum].sort()));
  expect(transport.epoch).toBe(1);
  await transport.deleteQueue(quorum);
});

test('a cancelled consumer gives its channel up when the last of its messages is settled', async () => {
  const transport = await open(rabbitmq.url);
  const queue = named('queue');
  await transport.declareQueue({ name: queue });
  await transport.publish(text('held'), { routingKey: queue });
  const { consumer, deliveries } = await take(transport, queue);
  await until(() => expect(deliveries.length).toBe(1));
  await consumer.cancel();
  deliveries[0]?.ack();
  await transport.flush();
  expect(transport.stats).toMatchObject({ acked: 1, stale: 0 });
  const next = await take(transport, queue);
  await transport.publish(text('next'), { routingKey: queue });
  await until(() => expect(next.texts).toEqual(['next']));
});

test.each(['classic', 'quorum'])(
  'attempts at a message are counted on a %s queue, however often it is given back',
  async (queueType) => {
    const transport = await open(rabbitmq.url);
    const queue = named('queue');
    await transport.declareQueue({ name: queue, queueType });
    await transport.publish(text('poison', { kept: 'yes' }), { routingKey: queue });
    const { deliveries } = await take(transport, queue, {}, (delivery) => {
      if (delivery.deliveryCount === 4) delivery.ack();
      else delivery.reject({ requeue: true, attempted: true });
    });
    await until(() => expect(deliveries.length).toBe(5));
    expect(deliveries.map(({ deliveryCount }) => deliveryCount ?? 0)).toEqual([0, 1, 2, 3, 4]);
    expect(deliveries[4]?.message.headers['kept']).toBe('yes');
    await transport.flush();
    expect(await transport.queueSize(queue)).toBe(0);
    await transport.deleteQueue(queue);
  },
);
