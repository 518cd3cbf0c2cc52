import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { WorkerLostError } from '@pool/results';
import { next } from '@pool/servers/waiting';
import { expect, test } from 'vitest';
import { memoryApp, runWorker } from './support/in-process.js';
import { tasksModule } from './support/process.js';
import { scratchFolder } from './support/scratch.js';

test('a task that ends its process has failed, the others go on', { timeout: 120_000 }, async () => {
  const app = await memoryApp();
  app.task('demo.exit', () => {});
  app.task('demo.add', () => {});
  const { worker } = await runWorker(app, { pool: 'prefork', concurrency: 2, appModule: tasksModule });
  const lost = await app.sendTask('demo.exit', [7]);
  const fine = await app.sendTask('demo.add', [1, 2]);
  await expect(lost.get({ timeout: 60 })).rejects.toBeInstanceOf(WorkerLostError);
  expect(await fine.get({ timeout: 60 })).toBe(3);
  expect(worker.counters.childrenLost).toBe(1);
});

test('a task that keeps killing its process is given up after maxDeliveries, set aside, and its hooks run', {
  timeout: 120_000,
}, async () => {
  const folder = await scratchFolder();
  const app = await memoryApp();
  app.task('demo.poison', { acksLate: true, rejectOnWorkerLost: true, maxDeliveries: 3 }, () => {});
  const { worker } = await runWorker(app, { pool: 'prefork', concurrency: 1, appModule: tasksModule });
  const aside = next(worker, 'setAside');
  const result = await app.sendTask('demo.poison', [folder]);
  await expect(result.get({ timeout: 60 })).rejects.toThrow('given up: delivered 3 times');
  await aside;
  expect(worker.counters).toMatchObject({ childrenLost: 3, requeued: 2, failed: 1 });
  const [file] = await readdir(folder);
  expect(await readFile(join(folder, file as string), 'utf8')).toBe('WorkerLostError\n');
});

test('a hard time limit kills a busy loop, and the slot is there again', { timeout: 120_000 }, async () => {
  const app = await memoryApp();
  app.task('demo.spin', { timeLimit: 0.2 }, () => {});
  app.task('demo.add', () => {});
  await runWorker(app, { pool: 'prefork', concurrency: 1, appModule: tasksModule });
  const spun = await app.sendTask('demo.spin', [60_000]);
  const next = await app.sendTask('demo.add', [1, 2]);
  await expect(spun.get({ timeout: 60 })).rejects.toThrow('TimeLimitExceeded');
  expect(await next.get({ timeout: 60 })).toBe(3);
});

test('a running task can be terminated by its id', { timeout: 120_000 }, async () => {
  const app = await memoryApp();
  app.task('demo.hold', { acksLate: true }, () => {});
  const { worker } = await runWorker(app, { pool: 'prefork', concurrency: 1, appModule: tasksModule });
  const started = next(worker, 'taskStarted');
  const result = await app.sendTask('demo.hold', [60_000]);
  await started;
  worker.revoke(result.id, { terminate: true });
  await expect(result.get({ timeout: 60 })).rejects.toThrow('terminated');
  expect(worker.counters.revoked).toBe(1);
});
