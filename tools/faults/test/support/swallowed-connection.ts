import { fileURLToPath } from 'node:url';
import { TcpProxy } from '@pool/servers';
import { expect, onTestFinished } from 'vitest';
import { WorkerProcess } from '../../src/worker-process.mjs';
import { expectNothingLeft, producerAt } from './producer.js';
import { Runs } from './runs.js';
import type { Site } from './sites.js';
import { until } from './until.js';

const tasks = fileURLToPath(new URL('../../src/tasks.mjs', import.meta.url));

const settings = ['--set', 'consumptionTimeout=1', '--set', 'flushTimeout=1'];

/**
 * The network swallows what a worker and its broker say to each other, and tells neither. The worker must find out by
 * itself that it does not consume, and go on; what ran meanwhile is not run again. In the end it must be able to stop
 * while nobody answers.
 *
 * @param forgets whether a broker takes back with a connection what was delivered on it
 */
export async function swallowedConnection(site: Site, forgets: boolean): Promise<void> {
  const runs = await Runs.create();
  onTestFinished(() => runs.remove());
  const proxy = await TcpProxy.start(site.server.port);
  onTestFinished(() => proxy.stop());
  const env = {
    POOL_BROKER_URL: proxy.through(site.server.url),
    ...(site.results ? { POOL_RESULT_BACKEND: site.server.url } : {}),
    FAULTS_RUNS: runs.folder,
    // Nothing but the worker's own watchdog may notice a connection that is silent.
    FAULTS_TRANSPORT: JSON.stringify({ ...site.transport, ...site.unwatched }),
  };
  const worker = await WorkerProcess.start(tasks, env, ['-P', 'green', '-c', '2', ...settings]);
  onTestFinished(async () => {
    await worker.kill('SIGKILL');
  });
  const explain = (): string => worker.log();
  const ended = (count: number): Promise<void> =>
    until(async () => (await runs.count('ended')) === count, explain, 60);
  const app = producerAt(site);

  const held = await app.sendTask('faults.hold', [1]);
  await until(async () => (await runs.count('begun')) === 1, explain, 60);
  proxy.swallow();
  // What was connected stays dead; a new connection is not.
  proxy.pass();
  expect((await worker.line(/^Lost the connection/)).msg).toContain('did not answer the consumer for 1 s');
  await until(() => worker.isReady(), explain, 60);

  await runs.release(1);
  await ended(1);
  if (forgets) {
    const { msg, taskName } = await worker.line(/had no effect/);
    expect([taskName, msg]).toEqual(['faults.hold', expect.stringContaining(`faults.hold[${held.id}]`)]);
  }
  // The broker learns too that the first connection is dead, and delivers again what that one had.
  proxy.bury();
  const sent = await app.sendTask('faults.work', [2, 0]);
  await ended(2);
  if (forgets) await until(async () => (await counter(worker, 'deduplicated')) === 1, explain, 60);
  await until(async () => (await counter(worker, 'succeeded')) === 2, explain, 60);
  expect(Object.fromEntries(await runs.times('begun'))).toEqual({ 1: 1, 2: 1 });
  expect(await counter(worker, 'stale')).toBe(forgets ? 1 : 0);

  // Now for good, and the worker is to stop.
  const last = await app.sendTask('faults.hold', [3]);
  await until(async () => (await runs.count('begun')) === 3, explain, 60);
  proxy.swallow();
  await runs.release(3);
  await ended(3);
  expect(await worker.kill('SIGTERM')).toBe(0);
  await worker.line(/Acknowledgements could not be sent before the end/);
  // On a connection of AMQP it counts as sent, for all that the worker can know.
  if (!forgets) await worker.line(new RegExp(`faults\\.hold\\[${last.id}\\] had no effect`));
  // The broker has not heard of it either, and keeps the message for another worker.
  proxy.bury();
  const transport = await app.transport();
  await transport.connect();
  await until(async () => (await transport.queueSize('celery')) === 1, explain, 60);
  await transport.purgeQueue('celery');
  await expectNothingLeft(site, [held.id, sent.id, last.id]);
}

/** A number of a worker's metrics, over all tasks. */
async function counter(worker: WorkerProcess, name: string): Promise<number> {
  const text = await (await fetch(`${worker.health}/metrics`)).text();
  const lines = text.matchAll(
    new RegExp(`^pool_(?:tasks_total\\{.*state="${name}"|${name}_total\\{).*\\} (\\d+)$`, 'gm'),
  );
  return [...lines].reduce((sum, [, count]) => sum + Number(count), 0);
}
