import { App, type AppOptions } from '@pool/app';
import { type RedisServer, startRedis } from '@pool/servers';
import { until } from '@pool/servers/waiting';
import type { WorkerLogger } from '@pool/worker';
import { expect, onTestFinished, test } from 'vitest';
import { required } from './support/place.js';
import { ourWorker } from './support/scene.js';

await required('redis');

/** A logger that keeps what is told from `info` upwards. */
function keepingLogger(): { logger: WorkerLogger; lines: string[] } {
  const lines: string[] = [];
  const keep = (fields: object | string, text?: string): void => {
    lines.push(typeof fields === 'string' ? fields : (text ?? ''));
  };
  const drop = (): void => {};
  const logger: WorkerLogger = {
    trace: drop,
    debug: drop,
    info: keep,
    warn: keep,
    error: keep,
    fatal: keep,
    child: () => logger,
    isLevelEnabled: () => true,
  };
  return { logger, lines };
}

/** A worker whose tasks wait until they are let go, with what it logs. */
async function scene(redis: RedisServer, options: AppOptions = {}) {
  const app = new App('outage', {
    broker: redis.url,
    resultBackend: redis.url,
    brokerTransportOptions: { reconnect: { initial: 0.05, max: 0.3 } },
    ...options,
  });
  onTestFinished(() => app.close());
  const runs: number[] = [];
  let letGo = (): void => {};
  const gate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const wait = app.task('wait', { acksLate: true }, async (i: number) => {
    runs.push(i);
    await gate;
    return i;
  });
  const { logger, lines } = keepingLogger();
  const worker = await ourWorker(app, { concurrency: 2, logger });
  onTestFinished(() => worker.stop());
  return { app, wait, worker, lines, runs, letGo };
}

const count = (lines: readonly string[], text: string): number =>
  lines.filter((line) => line.includes(text)).length;

test('a broker that is killed costs no task, runs none twice, and is told of once', async () => {
  const redis = await startRedis({ persistent: true });
  onTestFinished(() => redis.stop());
  const { wait, lines, runs, letGo } = await scene(redis);
  const results = await Promise.all([0, 1, 2, 3, 4].map((i) => wait.delay(i)));
  await until(() => runs.length === 2);
  await redis.kill();
  await until(() => count(lines, 'Attempt 2 to reconnect failed') > 0);
  // What runs ends while nobody can be told, and waits for somebody to tell.
  letGo();
  const late = wait.delay(5);
  await redis.restart();
  results.push(await late);
  expect(await Promise.all(results.map((result) => result.get({ timeout: 50 })))).toEqual([0, 1, 2, 3, 4, 5]);
  expect(runs.sort()).toEqual([0, 1, 2, 3, 4, 5]);
  expect(count(lines, 'Lost the connection')).toBe(1);
  expect(count(lines, 'Connected to')).toBe(1);
  expect(count(lines, 'had no effect')).toBe(0);
});

test('a broker that comes back empty gets new tasks done, and what it forgot is told', async () => {
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  const { wait, lines, runs, letGo } = await scene(redis);
  const results = await Promise.all([0, 1].map((i) => wait.delay(i)));
  await until(() => runs.length === 2);
  await redis.restart({ signal: 'SIGKILL' });
  letGo();
  const [new2] = await Promise.all([wait.delay(2)]);
  expect(await Promise.all([...results, new2].map((result) => result.get({ timeout: 50 })))).toEqual([
    0, 1, 2,
  ]);
  await until(() => count(lines, 'had no effect') === 2);
  expect(lines.find((line) => line.includes('had no effect'))).toMatch(
    /wait\[[0-9a-f-]+\] .* no longer held/,
  );
  expect(count(lines, 'Lost the connection')).toBe(1);
});

test('a broker without memory is told of once, and gets its tasks done', async () => {
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  const results = await startRedis();
  onTestFinished(() => results.stop());
  const { wait, lines, runs, letGo } = await scene(redis, { resultBackend: results.url });
  const sent = await Promise.all([0, 1, 2, 3].map((i) => wait.delay(i)));
  await until(() => runs.length === 2);
  await redis.command('CONFIG', 'SET', 'maxmemory', '1');
  await until(() => count(lines, 'takes no messages for now: OOM') === 1);
  await expect(wait.delay(9)).rejects.toThrow(/OOM/);
  letGo();
  expect(await Promise.all(sent.map((result) => result.get({ timeout: 50 })))).toEqual([0, 1, 2, 3]);
  await redis.command('CONFIG', 'SET', 'maxmemory', '0');
  await until(() => count(lines, 'takes messages again') === 1);
  expect(count(lines, 'takes no messages')).toBe(1);
  expect(count(lines, 'Lost the connection')).toBe(0);
});

test('a result store that is away delays results, and is told of', async () => {
  const broker = await startRedis();
  onTestFinished(() => broker.stop());
  const store = await startRedis({ persistent: true });
  onTestFinished(() => store.stop());
  const { wait, lines, runs, letGo } = await scene(broker, { resultBackend: store.url });
  const result = await wait.delay(0);
  await until(() => runs.length === 1);
  await store.kill();
  letGo();
  await until(() => count(lines, 'The result store does not answer; 1 results wait for it') === 1);
  await store.restart();
  expect(await result.get({ timeout: 50 })).toBe(0);
  await until(() => count(lines, 'The result store answers again') === 1);
  expect(runs).toEqual([0]);
});
