import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { next } from '@pool/servers/waiting';
import { expect, test } from 'vitest';
import { memoryApp, runWorker } from './support/in-process.js';
import { scratchFolder } from './support/scratch.js';

test('an orchestrator learns whether the worker lives and is ready, and Prometheus gets its numbers', async () => {
  const app = await memoryApp();
  const add = app.task('demo.add', (x: number, y: number) => x + y);
  const { worker } = await runWorker(app, { healthPort: 0, healthHost: '127.0.0.1' });
  const get = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${worker.healthPort}${path}`);
  await (await add.delay(1, 2)).get({ timeout: 60 });
  expect((await get('/healthz')).status).toBe(200);
  const ready = await get('/readyz');
  expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready', problems: [] }]);
  const metrics = await (await get('/metrics')).text();
  expect(metrics).toMatch(/pool_tasks_total\{task="demo\.add",state="succeeded",worker="[^"]+"\} 1/);
  expect(metrics).toMatch(/pool_slots\{[^}]*\} 1/);
  expect((await get('/else')).status).toBe(404);
  const { healthPort } = worker;
  const transport = await app.transport();
  await transport.close();
  const away = await get('/readyz');
  expect([away.status, await away.json()]).toEqual([
    503,
    { status: 'not ready', problems: expect.arrayContaining(['the broker is away']) },
  ]);
  await worker.terminate();
  await expect(fetch(`http://127.0.0.1:${healthPort}/healthz`)).rejects.toThrow();
});

test('revoked ids outlive the worker in its state file, and a broken file is no reason not to start', async () => {
  const app = await memoryApp();
  const stateDb = join(await scratchFolder(), 'state.json');
  const first = await runWorker(app, { stateDb });
  first.worker.revoke('some-id');
  await first.worker.stop();
  expect(await readFile(stateDb, 'utf8')).toContain('some-id');
  const second = await runWorker(app, { stateDb });
  expect(second.worker.revoked.has('some-id')).toBe(true);
  await second.worker.stop();
  const other = await runWorker(app, { stateDb: join(await scratchFolder(), 'none', 'x.json') });
  other.worker.revoke('x');
  await other.worker.stop();
  expect(other.lines.some(({ text }) => text.includes('cannot be written'))).toBe(true);
});

test('autoscaling adds slots when tasks wait and takes them away when they are idle', async () => {
  const app = await memoryApp();
  let release = (): void => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const wait = app.task('demo.wait', () => gate);
  const { worker } = await runWorker(app, { pool: 'green', autoscale: '4,1', autoscaleKeepalive: 0.2 });
  expect(worker.concurrency).toBe(1);
  const results = await Promise.all([wait.delay(), wait.delay(), wait.delay(), wait.delay(), wait.delay()]);
  await expect.poll(() => worker.running, { timeout: 60_000 }).toBe(4);
  release();
  await Promise.all(results.map((result) => result.get({ timeout: 60 })));
  await expect.poll(() => worker.concurrency, { timeout: 60_000 }).toBe(1);
});

test('with prefetching off a message is taken only when a slot is free', async () => {
  const app = await memoryApp();
  let release = (): void => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const wait = app.task('demo.wait', () => gate);
  const { worker } = await runWorker(app, { pool: 'green', concurrency: 2, disablePrefetch: true });
  const results = await Promise.all([wait.delay(), wait.delay(), wait.delay(), wait.delay()]);
  await expect.poll(() => worker.running, { timeout: 60_000 }).toBe(2);
  const transport = await app.transport();
  expect(await transport.queueSize('celery')).toBe(2);
  release();
  await Promise.all(results.map((result) => result.get({ timeout: 60 })));
});

test('a soft shutdown lets tasks finish before a cold one ends the rest', async () => {
  const app = await memoryApp();
  const quick = app.task(
    'demo.quick',
    { acksLate: true },
    () => new Promise((r) => setTimeout(r, 50, 'done')),
  );
  const slow = app.task('demo.slow', { acksLate: true }, () => new Promise(() => {}));
  const { worker } = await runWorker(app, { pool: 'green', concurrency: 2, softShutdownTimeout: 0.5 });
  const started = next(worker, 'taskStarted');
  const finished = await quick.delay();
  const lost = await slow.delay();
  await started;
  await expect.poll(() => worker.running).toBeGreaterThan(0);
  await worker.terminate();
  expect(await finished.state()).toBe('SUCCESS');
  expect(await lost.state()).toBe('PENDING');
  const transport = await app.transport();
  expect(await transport.queueSize('celery')).toBe(1);
});
