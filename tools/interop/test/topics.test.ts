import { randomUUID } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { rabbitPlace, redisPlace } from './support/place.js';
import { PythonProducer } from './support/python-producer.js';
import { celeryInterpreter, ourApp } from './support/scene.js';

const interpreter = await celeryInterpreter();
const places = [await redisPlace(), await rabbitPlace()];

test.each(places)(
  'a topic over $name leads from Python to our queues whose keys match, and to no other',
  async (place) => {
    const exchange = `topic-${randomUUID()}`;
    const bindings = ['orders.#', '*.late', 'bills.*'].map((routingKey) => ({
      exchange,
      queue: `${exchange}-${routingKey}`,
      routingKey,
    }));
    const { app } = ourApp(place);
    onTestFinished(() => app.close());
    const transport = await app.transport();
    await transport.connect();
    await transport.declareExchange({ name: exchange, type: 'topic' });
    for (const binding of bindings) {
      await transport.declareQueue({ name: binding.queue });
      await transport.bindQueue(binding);
    }
    const python = new PythonProducer(interpreter, place);
    onTestFinished(() => python.stop());
    await python.send(
      ...['orders.new', 'bills.late', 'bills.paid', 'nothing.here'].map((routing_key) => ({
        task: 'nobody.runs',
        options: { exchange, routing_key },
        declare: { [exchange]: 'topic' as const },
      })),
    );
    const sizes = () => Promise.all(bindings.map(({ queue }) => transport.queueSize(queue)));
    await expect.poll(sizes).toEqual([1, 1, 2]);
    for (const { queue } of bindings) await transport.deleteQueue(queue);
    await transport.deleteExchange(exchange);
  },
);
