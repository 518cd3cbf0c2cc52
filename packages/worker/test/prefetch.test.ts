import { expect, test } from 'vitest';
import { Prefetch } from '../src/prefetch.js';
import { memoryApp, runWorker } from './support/in-process.js';

test('quick tasks are taken far ahead, slow ones a few for each slot', () => {
  const prefetch = new Prefetch();
  let now = 1000;
  let ended = 0;
  /** A tenth of a second in which so many tasks end. */
  const look = (count: number): number => {
    now += 100;
    ended += count;
    prefetch.look(now, ended, 2);
    return prefetch.size(2);
  };
  look(0);
  expect(look(1)).toBe(8);
  // It grows step by step, up to what ends in 50 ms.
  expect([look(1100), look(1100), look(1100)]).toEqual([32, 128, 512]);
  expect(look(100_000)).toBe(512);
  expect(prefetch.isAhead(2)).toBe(true);
  // Small changes change nothing; a look that comes too early neither.
  expect(look(1000)).toBe(512);
  now -= 90;
  expect(look(0)).toBe(512);
  now += 90;
  // Over twice the time.
  expect(look(200)).toBe(32);
  expect(look(2)).toBe(8);
  expect(prefetch.isAhead(2)).toBe(false);
  // A pool of many slots gets its few for each anyway.
  expect(prefetch.size(100)).toBe(400);
});

test('what was taken ahead of quick tasks goes back when tasks become slow', {
  timeout: 240_000,
}, async () => {
  const app = await memoryApp({ taskIgnoreResult: true });
  let open = (): void => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const quick = app.task('demo.quick', () => {});
  const slow = app.task('demo.slow', { acksLate: true }, () => gate);
  const [quickOnes, slowOnes] = [4000, 500];
  await Promise.all(Array.from({ length: quickOnes }, () => quick.delay()));
  await Promise.all(Array.from({ length: slowOnes }, () => slow.delay()));
  const { worker } = await runWorker(app, { pool: 'green', concurrency: 2 });
  let most = 0;
  worker.on('taskSucceeded', () => {
    most = Math.max(most, worker.consumption?.prefetch ?? 0);
  });
  await expect.poll(() => worker.counters.succeeded, { timeout: 60_000 }).toBe(quickOnes);
  expect(most).toBeGreaterThan(8);
  const waiting = async (): Promise<number> => {
    const transport = await app.transport();
    return (await transport.queueStatus('celery')).messageCount;
  };
  await expect.poll(waiting, { timeout: 60_000 }).toBeGreaterThanOrEqual(slowOnes - 16);
  expect(worker.running).toBe(2);
  open();
  await expect.poll(() => worker.counters.succeeded, { timeout: 60_000 }).toBe(quickOnes + slowOnes);
  expect(worker.requests.size).toBe(0);
});
