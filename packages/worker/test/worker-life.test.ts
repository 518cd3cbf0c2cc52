import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TaskRevokedError } from '@pool/results';
import { expect, test } from 'vitest';
import { memoryApp, runWorker } from './support/in-process.js';
import { PoolProcess, tasksModule } from './support/process.js';
import { scratchFolder } from './support/scratch.js';

/** A promise that is resolved from outside. */
function createGate(): { passed: Promise<void>; open: () => void } {
  let open = (): void => {};
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}

test('several queues are served in turns, and a retry keeps its queue, its priority and its headers', {
  timeout: 120_000,
}, async () => {
  const app = await memoryApp({ taskQueues: ['many', 'few'], taskIgnoreResult: true });
  const runs: string[] = [];
  const note = app.task('demo.note', { bind: true }, (self) => {
    runs.push(self.request.deliveryInfo.routingKey);
  });
  const seen: unknown[] = [];
  const flaky = app.task('demo.flaky', { bind: true, ignoreResult: false }, (self) => {
    const { deliveryInfo, headers, retries } = self.request;
    seen.push([deliveryInfo.routingKey, deliveryInfo.priority, headers['tenant'], headers['more']]);
    if (retries < 1) return self.retry({ countdown: 0, headers: { more: 'said later' } });
    return 'done';
  });
  await Promise.all(Array.from({ length: 40 }, () => note.applyAsync([], { queue: 'many' })));
  await Promise.all(Array.from({ length: 10 }, () => note.applyAsync([], { queue: 'few' })));
  await runWorker(app, { prefetchMultiplier: 1 });
  await expect.poll(() => runs.length, { timeout: 60_000 }).toBe(50);
  // Whatever waits in the other, each turn takes from both.
  expect(runs.slice(0, 22).filter((queue) => queue === 'few')).toHaveLength(10);

  const result = await flaky.applyAsync([], { queue: 'few', priority: 7, headers: { tenant: 'acme' } });
  expect(await result.get({ timeout: 60 })).toBe('done');
  expect(seen).toEqual([
    ['few', 7, 'acme', undefined],
    ['few', 7, 'acme', 'said later'],
  ]);
});

test('autoscaling with prefetching off takes as many messages as there may be slots', {
  timeout: 120_000,
}, async () => {
  const app = await memoryApp();
  const gate = createGate();
  const wait = app.task('demo.wait', () => gate.passed);
  const { worker } = await runWorker(app, {
    pool: 'green',
    autoscale: '3,1',
    autoscaleKeepalive: 0.1,
    disablePrefetch: true,
  });
  expect(worker.concurrency).toBe(1);
  const results = await Promise.all(Array.from({ length: 5 }, () => wait.delay()));
  await expect.poll(() => worker.running, { timeout: 60_000 }).toBe(3);
  expect([worker.concurrency, worker.requests.size]).toEqual([3, 3]);
  expect(await (await app.transport()).queueSize('celery')).toBe(2);
  gate.open();
  await Promise.all(results.map((result) => result.get({ timeout: 60 })));
  await expect.poll(() => worker.concurrency, { timeout: 60_000 }).toBe(1);
  // What it shrank to is no bound for what it takes.
  expect(await (await wait.delay()).get({ timeout: 60 })).toBeNull();
});

test('an idle worker skips the wait of a soft shutdown, unless it is told to wait', async () => {
  const app = await memoryApp();
  const soft = { softShutdownTimeout: 0.2 };
  const idle = await runWorker(app, soft);
  await idle.worker.terminate();
  const waiting = await runWorker(app, { ...soft, enableSoftShutdownOnIdle: true });
  await waiting.worker.terminate();
  const waits = [idle, waiting].map(({ lines }) => lines.filter(({ text }) => /^Waiting up to/.test(text)));
  expect(waits.map((found) => found.map(({ text }) => text))).toEqual([
    [],
    ['Waiting up to 0.2 s for 0 running tasks'],
  ]);
  expect([idle.worker.state, waiting.worker.state]).toEqual(['stopped', 'stopped']);
});

test('a task that is revoked waits for nothing any more, also while the worker stops', async () => {
  const app = await memoryApp();
  const started: string[] = [];
  const hold = app.task('demo.hold', { bind: true, acksLate: true }, (self) => {
    started.push(self.request.id);
    return new Promise((_resolve, reject) => {
      self.signal.addEventListener('abort', () => reject(self.signal.reason));
    });
  });
  const { worker } = await runWorker(app, { pool: 'green', concurrency: 1, revokesMax: 1 });
  const [running, unwanted, wanted] = [await hold.delay(), await hold.delay(), await hold.delay()];
  const later = await hold.applyAsync([], { countdown: 59 });
  await expect.poll(() => worker.requests.size, { timeout: 60_000 }).toBe(4);
  worker.revoke(later.id);
  // One that a full pool has not begun is told at once; so many revoked ids that the first is forgotten change nothing.
  worker.revoke(unwanted.id);
  await expect(unwanted.get({ timeout: 60 })).rejects.toBeInstanceOf(TaskRevokedError);
  expect(worker.revoked.has(later.id)).toBe(false);

  const stopped = worker.stop();
  await expect(later.get({ timeout: 60 })).rejects.toBeInstanceOf(TaskRevokedError);
  expect(worker.state).toBe('stopping');
  worker.revoke(running.id, { terminate: true });
  await expect(running.get({ timeout: 60 })).rejects.toThrow('terminated');
  await stopped;
  expect(started).toEqual([running.id]);
  expect(worker.counters).toMatchObject({ revoked: 3, requeued: 1 });
  expect(await wanted.state()).toBe('PENDING');
  expect(await (await app.transport()).queueSize('celery')).toBe(1);
});

test('a broker that is away at the start ends a worker that is not to try again, and says why', {
  timeout: 120_000,
}, async () => {
  const folder = await scratchFolder();
  await writeFile(join(folder, 'broker'), 'no folder');
  const env = { POOL_BROKER_URL: `filesystem://${folder}/broker`, POOL_RESULT_BACKEND: '' };
  const worker = new PoolProcess(
    ['worker', '-A', tasksModule, '-P', 'solo', '--set', 'connectionRetryOnStartup=false'],
    env,
  );
  expect(await worker.exited()).toBe(1);
  expect(worker.lines.some(({ msg }) => msg.includes('connectionRetryOnStartup'))).toBe(true);
  expect(worker.stderr).toContain(`pool: cannot use the folder ${folder}/broker: `);
});
