import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { App, type AsyncResult } from '@pool/app';
import type { ReplyBroker, ResultStore } from '@pool/results';
import createResultStore from '@pool/results-rpc';
import { TcpProxy } from '@pool/servers';
import { requireServer } from '@pool/servers/vitest';
import { type Delivery, NotDeclaredError, type Transport } from '@pool/transport';
import { createTransport } from '@pool/transport-amqp';
import { afterAll, afterEach, expect, onTestFinished, test } from 'vitest';

const rabbitmq = await requireServer('rabbitmq');
const transport: Transport = createTransport(rabbitmq.url);
await transport.connect();
const open: ResultStore[] = [];

/** Answers through RabbitMQ. Whoever asks is an app in the tests of outages. */
const broker: ReplyBroker = {
  async reply({ replyTo, correlationId, body }) {
    const properties = { correlationId, deliveryMode: 1 };
    const content = { contentType: 'application/json', contentEncoding: 'utf-8', headers: {} };
    await transport.publish({ body, ...content, properties }, { routingKey: replyTo });
  },
  async listen(queue, onReply, { expires } = {}) {
    await transport.declareQueue({ name: queue, ...(expires === undefined ? {} : { expires }) });
    const consumer = await transport.consume({
      queues: [queue],
      onDeliveries(deliveries) {
        for (const delivery of deliveries) {
          onReply(delivery.message.body, delivery.message.properties.correlationId ?? '');
          delivery.ack();
        }
      },
    });
    return () => consumer.cancel();
  },
};

function storeOf(options: { maxKept?: number } = {}): ResultStore {
  const store = createResultStore('rpc://', { broker, ...options });
  open.push(store);
  return store;
}

/** A store that sends tasks, and the queue it wants its answers in. */
async function sender(options: { maxKept?: number } = {}): Promise<{ store: ResultStore; replyTo: string }> {
  const store = storeOf(options);
  const { replyTo } = store;
  await store.connect();
  return { store, replyTo: replyTo ?? '' };
}

afterEach(async () => {
  for (const store of open.splice(0)) await store.close();
});
afterAll(() => transport.close());

test('a result comes to whoever sent the task, and to nobody else', async () => {
  const [one, two] = [await sender(), await sender()];
  const id = randomUUID();
  const waiting = one.store.waitFor([id], { timeout: 60 });
  await storeOf().storeResult(
    { taskId: id, status: 'SUCCESS', result: { x: [1] } },
    { replyTo: one.replyTo },
  );
  expect((await waiting)[0]).toMatchObject({ taskId: id, status: 'SUCCESS', result: { x: [1] } });
  expect(await two.store.get(id)).toBeUndefined();
});

test('a result that came before anybody asked is kept until it is forgotten', async () => {
  const { store, replyTo } = await sender();
  const [first, last] = [randomUUID(), randomUUID()];
  const answering = storeOf();
  await answering.storeResult({ taskId: first, status: 'SUCCESS', result: 1 }, { replyTo });
  await answering.storeResult({ taskId: last, status: 'SUCCESS', result: 2 }, { replyTo });
  await store.waitFor([last], { timeout: 60 });
  expect(await store.get(first)).toMatchObject({ result: 1 });
  await store.forget(first);
  expect(await store.get(first)).toBeUndefined();
});

test('a store that answered first, as a worker’s does, misses no answer once it asks', async () => {
  const store = storeOf();
  await store.connect();
  const { replyTo = '' } = store;
  await store.connect();
  const id = randomUUID();
  await storeOf().storeResult({ taskId: id, status: 'SUCCESS', result: 1 }, { replyTo });
  expect(await store.waitFor([id], { timeout: 30 })).toMatchObject([{ result: 1 }]);
});

test('of more results than are kept the oldest go', async () => {
  const { store, replyTo } = await sender({ maxKept: 2 });
  const ids = [randomUUID(), randomUUID(), randomUUID()];
  const answering = storeOf();
  for (const taskId of ids)
    await answering.storeResult({ taskId, status: 'SUCCESS', result: taskId }, { replyTo });
  await store.waitFor([ids[2] as string], { timeout: 60 });
  expect(await store.get(ids[0] as string)).toBeUndefined();
  expect(await store.get(ids[1] as string)).toMatchObject({ result: ids[1] });
});

test('states on the way are told to a watcher, in their order', async () => {
  const { store, replyTo } = await sender();
  const id = randomUUID();
  const states: string[] = [];
  const done = new Promise<void>((resolve, reject) => {
    store.watch(
      id,
      ({ status }) => {
        states.push(status);
        if (status === 'SUCCESS') resolve();
      },
      reject,
    );
  });
  const answering = storeOf();
  await answering.updateState(id, 'PROGRESS', { done: 1 }, { replyTo });
  await answering.storeResult({ taskId: id, status: 'SUCCESS', result: 1 }, { replyTo });
  await done;
  expect(states).toEqual(['PROGRESS', 'SUCCESS']);
});

test('a sender that wants no answer gets none, and that is no error', async () => {
  await storeOf().storeResult({ taskId: randomUUID(), status: 'SUCCESS', result: 1 });
});

test('without a broker the store says what is missing', () => {
  expect(() => createResultStore('rpc://')).toThrow(/set a broker URL/);
});

/** An app whose connection can be cut, with a task that it sent and where the answer is to go. */
async function askingApp(): Promise<{ app: App; proxy: TcpProxy; result: AsyncResult; replyTo: string }> {
  const proxy = await TcpProxy.start(rabbitmq.port);
  onTestFinished(() => proxy.stop());
  const queue = randomUUID();
  await transport.declareQueue({ name: queue });
  onTestFinished(async () => {
    await transport.deleteQueue(queue);
  });
  const app = new App('asking', {
    broker: proxy.through(rabbitmq.url),
    resultBackend: 'rpc://',
    taskDefaultQueue: queue,
    brokerTransportOptions: { reconnect: { initial: 0.05, max: 0.5 } },
  });
  onTestFinished(() => app.close());
  const result = await app.sendTask('t', []);
  const replyTo = await new Promise<string>((resolve, reject) => {
    const onDeliveries = ([delivery]: Delivery[]): void => {
      resolve(delivery?.message.properties.replyTo ?? '');
      delivery?.ack();
    };
    transport.consume({ queues: [queue], onDeliveries }).catch(reject);
  });
  return { app, proxy, result, replyTo };
}

test('what is answered while the connection is cut is there when it is back', async () => {
  const { app, proxy, result, replyTo } = await askingApp();
  const waiting = result.get({ timeout: 50 });
  const answered = expect(waiting).resolves.toEqual({ x: [1] });
  const lost = once(await app.transport(), 'disconnected');
  proxy.swallow();
  proxy.cut();
  await lost;
  const document = { taskId: result.id, status: 'SUCCESS', result: { x: [1] } };
  await storeOf().storeResult(document, { replyTo });
  expect(await transport.queueSize(replyTo)).toBe(1);
  proxy.pass();
  proxy.cut();
  await answered;
});

test('an app that is closed leaves no reply queue', async () => {
  const { app, replyTo } = await askingApp();
  expect(await transport.queueSize(replyTo)).toBe(0);
  await app.close();
  await expect(transport.queueStatus(replyTo)).rejects.toThrow(NotDeclaredError);
});
