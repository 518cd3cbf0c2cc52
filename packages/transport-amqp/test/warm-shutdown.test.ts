import { App } from '@pool/app';
import { requireSharedRabbitmq } from '@pool/servers/vitest';
import { next } from '@pool/servers/waiting';
import { Worker } from '@pool/worker';
import { expect, onTestFinished, test } from 'vitest';
import { named, open, until } from './support/scene.js';
import { watchedProxy } from './support/watched-proxy.js';

const rabbitmq = await requireSharedRabbitmq();

/** Both ends take the other for dead after two intervals without a sign; a beat comes at least every interval. */
const BEATS = 5;

test('a worker that waits for a long task to end before it stops keeps its connection, and settles the task', async () => {
  const { url, heartbeats } = await watchedProxy(rabbitmq);
  const queue = named('queue');
  const app = new App('long', {
    broker: url,
    brokerTransportOptions: { heartbeat: 1 },
    taskDefaultQueue: queue,
  });
  onTestFinished(() => app.close());
  let letGo = (): void => {};
  const gate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const long = app.task('long.wait', { acksLate: true }, () => gate);
  const worker = new Worker(app, { pool: 'solo', logLevel: 'silent' });
  onTestFinished(async () => {
    letGo();
    await worker.stop();
  });
  await worker.start();
  const started = next(worker, 'taskStarted');
  await long.delay();
  await started;
  const transport = await app.transport();
  let lost = 0;
  transport.on('disconnected', () => {
    lost += 1;
  });
  const succeeded = next(worker, 'taskSucceeded');
  const stopped = worker.stop();
  const before = [...heartbeats];
  await until(() => {
    for (const [i, count] of heartbeats.entries())
      expect(count).toBeGreaterThanOrEqual((before[i] ?? 0) + BEATS);
  });
  letGo();
  await succeeded;
  await stopped;
  expect(lost).toBe(0);
  expect(transport.stats).toMatchObject({ delivered: 1, acked: 1, requeued: 0, stale: 0, reconnects: 0 });
  const other = await open(rabbitmq.url);
  expect(await other.queueSize(queue)).toBe(0);
});
