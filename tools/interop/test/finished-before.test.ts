import { App } from '@pool/app';
import { TcpProxy } from '@pool/servers';
import { next } from '@pool/servers/waiting';
import type { Worker, WorkerOptions } from '@pool/worker';
import { expect, onTestFinished, test } from 'vitest';
import { rabbitAndRedisPlace } from './support/place.js';
import { ourWorker } from './support/scene.js';

const place = await rabbitAndRedisPlace();

/** A worker that has finished a task with its result stored, and whose ack never got to RabbitMQ, which knows of nothing yet. */
async function scene() {
  const proxy = await TcpProxy.start(Number(new URL(place.broker).port));
  onTestFinished(() => proxy.stop());
  const queue = `finished-${crypto.randomUUID()}`;
  const runs: string[] = [];
  const appOf = (name: string, broker: string, onRun = (): void => {}): App => {
    const app = new App(name, {
      broker,
      resultBackend: place.resultBackend,
      taskDefaultQueue: queue,
      brokerTransportOptions: { reconnect: { initial: 0.05, max: 0.3 } },
    });
    app.task('once', { acksLate: true }, () => {
      runs.push(name);
      onRun();
      return name;
    });
    onTestFinished(() => app.close());
    return app;
  };
  const start = async (app: App, options: WorkerOptions = {}): Promise<Worker> => {
    const worker = await ourWorker(app, options);
    onTestFinished(() => worker.stop());
    return worker;
  };
  const producer = appOf('producer', place.broker);
  const first = await start(appOf('first', proxy.through(place.broker), () => proxy.swallow()));
  const result = await producer.sendTask<string>('once');
  expect(await result.get({ timeout: 60 })).toBe('first');
  return {
    ...{ proxy, runs, result, first },
    second: (options: WorkerOptions) => start(appOf('second', place.broker), options),
    left: async () => (await producer.transport()).queueSize(queue),
  };
}

test('another worker does not run what has succeeded before, when it is to look', async () => {
  const { proxy, runs, result, second, left } = await scene();
  const worker = await second({ deduplicateSuccessfulTasks: true });
  proxy.bury();
  await expect.poll(() => worker.counters.deduplicated, { timeout: 60_000 }).toBe(1);
  expect(worker.counters.redelivered).toBe(1);
  await worker.stop();
  expect([runs, await left()]).toEqual([['first'], 0]);
  expect(await result.get()).toBe('first');
});

test('another worker runs it again, when it is not', async () => {
  const { proxy, runs, second, left } = await scene();
  const worker = await second({});
  const succeeded = next(worker, 'taskSucceeded');
  proxy.bury();
  await succeeded;
  expect(worker.counters).toMatchObject({ redelivered: 1, deduplicated: 0 });
  await worker.stop();
  expect([runs, await left()]).toEqual([['first', 'second'], 0]);
});

test('the worker that ran it knows it when it comes again', async () => {
  const { proxy, runs, first, left } = await scene();
  proxy.pass();
  proxy.bury();
  await expect.poll(() => first.counters.deduplicated, { timeout: 60_000 }).toBe(1);
  await first.stop();
  expect([runs, await left()]).toEqual([['first'], 0]);
});
