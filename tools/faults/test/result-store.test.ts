import { fileURLToPath } from 'node:url';
import { App } from '@pool/app';
import { freePort, startRedis } from '@pool/servers';
import { requireServer } from '@pool/servers/vitest';
import { Worker } from '@pool/worker';
import { expect, onTestFinished, test } from 'vitest';
import { WorkerProcess } from '../src/worker-process.mjs';
import { Runs } from './support/runs.js';
import { until } from './support/until.js';

const broker = await requireServer('redis', { persistent: true });
const tasks = fileURLToPath(new URL('../src/tasks.mjs', import.meta.url));

/** An app that sends to the broker and reads from a result store that is not there yet. */
function appAt(resultBackend: string, options: Record<string, unknown> = {}): App {
  const app = new App('sender', { broker: broker.url, resultBackend, ...options });
  onTestFinished(() => app.close());
  return app;
}

test('a worker that starts while its result store is away runs tasks, acknowledges none, and stores when it is there', async () => {
  await broker.command('FLUSHALL');
  const port = await freePort();
  const resultBackend = `redis://127.0.0.1:${port}/0`;
  const app = appAt(resultBackend);
  const runs = await Runs.create();
  onTestFinished(() => runs.remove());
  const env = {
    POOL_BROKER_URL: broker.url,
    POOL_RESULT_BACKEND: resultBackend,
    FAULTS_RUNS: runs.folder,
    FAULTS_TRANSPORT: '{}',
  };
  const worker = await WorkerProcess.start(tasks, env, ['-c', '2']);
  onTestFinished(async () => {
    await worker.kill('SIGKILL');
  });
  const explain = (): string => worker.log();
  const sent = await Promise.all([1, 2, 3, 4, 5].map((n) => app.sendTask('faults.work', [n, 0])));
  await until(async () => (await runs.count('ended')) === 5, explain);
  expect(await broker.command('HLEN', 'unacked')).toBe('5');
  expect(await worker.isReady()).toBe(true);
  const store = await startRedis({ port });
  onTestFinished(() => store.stop());
  expect(await Promise.all(sent.map((result) => result.get({ timeout: 120 })))).toEqual([1, 2, 3, 4, 5]);
  await until(async () => (await broker.command('HLEN', 'unacked')) === '0', explain);
  expect(worker.lines.map(({ msg }) => msg)).toEqual([
    expect.stringMatching(
      new RegExp(`cannot connect to the result store ${resultBackend}: .*ECONNREFUSED.* The worker starts`),
    ),
  ]);
  expect(await worker.kill('SIGTERM')).toBe(0);
  expect(Object.fromEntries(await runs.times('begun'))).toEqual({ 1: 1, 2: 1, 3: 1, 4: 1, 5: 1 });
});

test('results that wait for a store that is away are bounded, and none is lost', async () => {
  const count = 15_000;
  await broker.command('FLUSHALL');
  const port = await freePort();
  const app = appAt(`redis://127.0.0.1:${port}/0`, { taskAcksLate: false });
  const echo = app.task('faults.echo', (n: number) => n);
  const worker = new Worker(app, { pool: 'green', concurrency: 10, logLevel: 'fatal', healthPort: 0 });
  onTestFinished(() => worker.terminate());
  await worker.start();
  const sent = await Promise.all(Array.from({ length: count }, (_, n) => echo.delay(n)));
  const problems = async (): Promise<string[]> => {
    const answer = await fetch(`http://127.0.0.1:${worker.healthPort}/readyz`);
    return ((await answer.json()) as { problems: string[] }).problems;
  };
  await until(
    async () => (await problems()).includes('too many results wait to be stored'),
    () => worker.counters,
  );
  const ended = worker.requests.size;
  expect(ended).toBeGreaterThanOrEqual(10_000);
  expect(ended).toBeLessThan(12_000);
  const store = await startRedis({ port });
  onTestFinished(() => store.stop());
  const results = await Promise.all(sent.map((result) => result.get({ timeout: 120 })));
  expect(results).toEqual(Array.from({ length: count }, (_, n) => n));
  expect(await problems()).toEqual([]);
});
