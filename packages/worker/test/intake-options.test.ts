import { expect, test } from 'vitest';
import { limitsOf } from '../src/request/request.js';
import { memoryApp, runWorker } from './support/in-process.js';

test('time limits are those of the message, then of the task; what is left is the pool’s', () => {
  const task = { timeLimit: 20, softTimeLimit: 10 };
  expect(limitsOf([2, 1], task)).toEqual({ timeout: 2, softTimeout: 1 });
  expect(limitsOf([null, 1], task)).toEqual({ timeout: 20, softTimeout: 1 });
  expect(limitsOf([null, null], task)).toEqual({ timeout: 20, softTimeout: 10 });
  expect(limitsOf([null, null], {})).toEqual({ timeout: undefined, softTimeout: undefined });
});

test('queues are those of the app, or those that are named, without those that are left to others', async () => {
  const taskQueues = ['one', 'two', 'three'];
  const all = await runWorker(await memoryApp({ taskQueues }), { excludeQueues: ['two'] });
  expect(all.worker.queues).toEqual(['one', 'three']);
  const named = await runWorker(await memoryApp({ taskQueues }), {
    queues: ['two', 'three'],
    excludeQueues: ['three'],
  });
  expect(named.worker.queues).toEqual(['two']);
});

test('a redelivered late-ack task whose success is stored is not run again, if that is asked for', async () => {
  const app = await memoryApp();
  let runs = 0;
  const job = app.task('demo.job', { acksLate: true }, () => {
    runs += 1;
    return 'ran';
  });
  const store = await app.resultStore();
  await store.storeResult({ taskId: 'done', status: 'SUCCESS', result: 'elsewhere' });
  const transport = await app.transport();
  await transport.connect();
  await transport.declareQueue({ name: 'celery' });
  // Delivered to somebody who goes before it is acknowledged.
  const held = new Promise<void>((resolve) => {
    void transport
      .consume({
        queues: ['celery'],
        prefetch: 2,
        onDeliveries: (deliveries) => {
          for (const delivery of deliveries) delivery.reject({ requeue: true });
          resolve();
        },
      })
      .then((consumer) => held.then(() => consumer.cancel()));
  });
  await job.applyAsync([], { taskId: 'done' });
  await held;
  const { worker } = await runWorker(app, { deduplicateSuccessfulTasks: true });
  await expect.poll(() => worker.counters.deduplicated, { timeout: 60_000 }).toBe(1);
  expect(runs).toBe(0);
  expect(await app.AsyncResult('done').get({ timeout: 60 })).toBe('elsewhere');
  // One that nobody finished runs.
  expect(await (await job.delay()).get({ timeout: 60 })).toBe('ran');
});
