import { randomUUID } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { redisPlace } from './support/place.js';
import { PythonProducer } from './support/python-producer.js';
import { celeryInterpreter, ourApp, ourWorker } from './support/scene.js';
import { startPythonWorker } from './support/workers.js';

const interpreter = await celeryInterpreter();
const redis = await redisPlace();

test('ten steps, another separator and a prefix of keys, as Celery documents them for Redis, suit both sides', async () => {
  const [prefix, steps] = [`${randomUUID()}.`, Array.from({ length: 10 }, (_, i) => i)];
  const options = { sep: ':', priority_steps: steps, global_keyprefix: prefix };
  const place = {
    ...redis,
    pythonEnv: { ...redis.pythonEnv, INTEROP_TRANSPORT_OPTIONS: JSON.stringify(options) },
  };
  const queues = [
    { name: 'js', exchange: 'js' },
    { name: 'orders', exchange: 'orders', exchangeType: 'topic' as const, routingKey: 'orders.#' },
  ];
  const { app } = ourApp(place, {
    taskQueues: queues,
    brokerTransportOptions: { sep: ':', prioritySteps: steps, globalKeyPrefix: prefix },
  });
  onTestFinished(() => app.close());
  const theirs = await startPythonWorker(interpreter, place, ['py']);
  onTestFinished(() => theirs.stop());
  const python = new PythonProducer(interpreter, place);
  onTestFinished(() => python.stop());

  // What waits when our worker comes lies where Python put it.
  await python.declare(queues);
  const ids = await python.send(
    ...steps.map((priority) => ({ task: 'js.add', args: [priority, 1], options: { priority } })),
    {
      task: 'js.add',
      args: [10, 1],
      options: { exchange: 'orders', routing_key: 'orders.new', priority: 5 },
      declare: { orders: 'topic' },
    },
  );
  const ours = await ourWorker(app, { queues: queues.map(({ name }) => name) });
  onTestFinished(() => ours.stop());
  expect((await python.get(ids)).map(({ value }) => value)).toEqual([...steps, 10].map((i) => i + 1));

  const sent = steps.map((priority) => app.sendTask('py.add', [priority, 1], { priority }));
  const sums = (await Promise.all(sent)).map((result) => result.get({ timeout: 30 }));
  expect(await Promise.all(sums)).toEqual(steps.map((i) => i + 1));
});
