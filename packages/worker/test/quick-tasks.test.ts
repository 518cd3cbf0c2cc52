import { expect, test } from 'vitest';
import { memoryApp, runWorker } from './support/in-process.js';
import { tasksModule } from './support/process.js';

test('thousands of tasks that take no time all end on prefork, each once', { timeout: 120_000 }, async () => {
  const app = await memoryApp({ taskIgnoreResult: true });
  app.task('demo.add', () => {});
  const count = 5000;
  await Promise.all(Array.from({ length: count }, (_, i) => app.sendTask('demo.add', [i, 1])));
  const { worker } = await runWorker(app, {
    pool: 'prefork',
    concurrency: 2,
    prefetchMultiplier: 100,
    appModule: tasksModule,
  });
  await expect.poll(() => worker.counters.succeeded, { timeout: 60_000 }).toBe(count);
  expect(worker.requests.size).toBe(0);
  expect(worker.running).toBe(0);
});
