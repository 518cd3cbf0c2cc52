import { App } from '@pool/app';
import type { Worker } from '@pool/worker';
import { expect, test } from 'vitest';
import { type Line, memoryApp, runWorker } from './support/in-process.js';
import { onEnd, scratchFolder } from './support/scratch.js';

/** An app on a broker that cannot hold messages until their time. */
async function filesystemApp(): Promise<App> {
  const folder = await scratchFolder();
  const broker = `filesystem://${folder}/broker`;
  const app = new App('demo', { broker, resultBackend: `filesystem://${folder}/results` });
  onEnd(() => app.close());
  return app;
}

const saysFull = (lines: readonly Line[]): boolean =>
  lines.some(({ text }) => text.includes('which is etaTaskLimit'));

/** A worker that has run a task which was sent after twenty of those that may start twice a minute. */
async function workerPastSlowTasks(app: App): Promise<Worker> {
  const slow = app.task('demo.slow', { rateLimit: '2/m' }, () => 'slow');
  const free = app.task('demo.free', () => 'free');
  await Promise.all(Array.from({ length: 20 }, () => slow.delay()));
  const result = await free.delay();
  const { worker } = await runWorker(app, { concurrency: 1, prefetchMultiplier: 1 });
  expect(await result.get({ timeout: 60 })).toBe('free');
  return worker;
}

test('tasks that wait for their ETA are held up to a bound, the others stay with the broker', async () => {
  const app = await filesystemApp();
  const job = app.task('demo.job', (n: number) => n);
  await Promise.all(Array.from({ length: 40 }, (_, i) => job.applyAsync([i], { countdown: 3600 })));
  const options = { concurrency: 1, prefetchMultiplier: 2, etaTaskLimit: 5 };
  const { worker, lines } = await runWorker(app, options);
  await expect.poll(() => worker.requests.size, { timeout: 60_000 }).toBeGreaterThanOrEqual(5);
  await expect.poll(() => saysFull(lines), { timeout: 60_000 }).toBe(true);
  // Whatever makes the worker look at its prefetch again must not make room for more.
  for (let look = 0; look < 20; look++) {
    worker.consumption?.adjust();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  // The bound, and the prefetch beyond it.
  expect(worker.requests.size).toBeLessThanOrEqual(5 + 2);
});

test('what waits for its rate takes nothing from the prefetch, so that other tasks run', async () => {
  const worker = await workerPastSlowTasks(await filesystemApp());
  expect(worker.requests.size).toBeGreaterThan(1);
});

test('tasks that wait for their rate are held up to a bound', async () => {
  const app = await filesystemApp();
  const slow = app.task('demo.slow', { rateLimit: '2/h' }, () => 'slow');
  await Promise.all(Array.from({ length: 20 }, () => slow.delay()));
  const options = { concurrency: 1, prefetchMultiplier: 2, etaTaskLimit: 5 };
  const { worker, lines } = await runWorker(app, options);
  await expect.poll(() => saysFull(lines), { timeout: 60_000 }).toBe(true);
  expect(worker.requests.size).toBeLessThanOrEqual(5 + 2);
});

test('a broker that can hold messages gets back what its rate lets start in more than a minute', async () => {
  const worker = await workerPastSlowTasks(await memoryApp());
  // The first has run; one is due in half a minute, one in a whole one, and that is all that is held.
  await expect.poll(() => worker.requests.size, { timeout: 60_000 }).toBeLessThanOrEqual(2);
  expect(worker.requests.size).toBeGreaterThan(0);
});
