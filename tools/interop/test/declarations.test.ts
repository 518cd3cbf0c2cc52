import { randomUUID } from 'node:crypto';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { rabbitPlace } from './support/place.js';
import { PythonProducer, type PythonQueue } from './support/python-producer.js';
import { celeryInterpreter, ourApp, ourWorker } from './support/scene.js';

const interpreter = await celeryInterpreter();
const place = await rabbitPlace();
const python = new PythonProducer(interpreter, place);
afterAll(() => python.stop());

/** Celery's default queue, and one of each other kind. Both sides take these as they stand. */
function queuesOfAllKinds(): PythonQueue[] {
  const [ranked, quorum, topic] = ['ranked', 'quorum', 'topic'].map((kind) => `${kind}-${randomUUID()}`) as [
    string,
    string,
    string,
  ];
  return [
    { name: 'celery', exchange: 'celery' },
    { name: ranked, exchange: 'celery', maxPriority: 10 },
    { name: quorum, exchange: 'celery', arguments: { 'x-queue-type': 'quorum' } },
    { name: topic, exchange: topic, exchangeType: 'topic', routingKey: 'orders.#' },
  ];
}

test.each(['Python', 'us'])('queues that are declared first by %s suit the other', async (first) => {
  const queues = queuesOfAllKinds();
  const { app } = ourApp(place, { taskQueues: queues });
  onTestFinished(() => app.close());
  if (first === 'Python') await python.declare(queues);
  const ours = await ourWorker(app, { queues: queues.map(({ name }) => name) });
  onTestFinished(() => ours.stop());
  if (first === 'us') await python.declare(queues);
  const inEach = queues.map(({ name: queue }, i) => app.sendTask('js.add', [i, 1], { queue }));
  const results = await Promise.all(inEach);
  const sums = await Promise.all(results.map((result) => result.get({ timeout: 60 })));
  expect(sums).toEqual([1, 2, 3, 4]);
  const routed = { exchange: queues[3]?.exchange, routing_key: 'orders.new.large' };
  const outcome = await python.call({ task: 'js.add', args: [2, 3], options: routed });
  expect(outcome).toEqual({ state: 'SUCCESS', value: 5 });
  // The next is to make it itself.
  const transport = await app.transport();
  for (const { name } of queues) await transport.deleteQueue(name);
  await transport.deleteExchange('celery');
});
