import { fileURLToPath } from 'node:url';
import { App } from '@pool/app';
import { requireServer } from '@pool/servers/vitest';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { WorkerProcess } from '../src/worker-process.mjs';
import { Runs } from './support/runs.js';
import { until } from './support/until.js';

const server = await requireServer('redis');
const tasks = fileURLToPath(new URL('../src/tasks.mjs', import.meta.url));

/** kombu's list of a queue's least urgent messages. */
const LAST = 'celery\x06\x169';
const MOST = 3;

let runs: Runs;
let app: App;

beforeEach(async () => {
  await server.command('FLUSHALL');
  runs = await Runs.create();
  app = new App('sender', { broker: server.url, resultBackend: server.url });
  return async () => {
    await app.close();
    await runs.remove();
  };
});

async function startWorker(): Promise<WorkerProcess> {
  const env = {
    POOL_BROKER_URL: server.url,
    POOL_RESULT_BACKEND: server.url,
    FAULTS_RUNS: runs.folder,
    FAULTS_TRANSPORT: JSON.stringify({ goneAfter: 1, unackedRestoreInterval: 0.5 }),
    FAULTS_MAX_DELIVERIES: String(MOST),
  };
  const worker = await WorkerProcess.start(tasks, env, ['-c', '1', '--prefetch-multiplier', '4']);
  onTestFinished(async () => {
    await worker.kill('SIGKILL');
  });
  return worker;
}

async function killChild(worker: WorkerProcess): Promise<void> {
  for (const pid of await runs.children(worker.pid)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // An earlier one.
    }
  }
}

const begun = async (n: number): Promise<number> => (await runs.times('begun')).get(n) ?? 0;
const held = async (): Promise<string> => server.command('HLEN', 'unacked');

test('what workers gave back unrun, more often than a message may be delivered, runs, and once more if its child dies', async () => {
  const unlucky = await app.sendTask('faults.hold', [100], { priority: 9 });
  for (let round = 1; round <= MOST + 1; round++) {
    await app.sendTask('faults.hold', [round]);
    const worker = await startWorker();
    const explain = (): string => worker.log();
    await until(async () => (await begun(round)) === 1 && (await held()) === '2', explain);
    const exited = worker.kill('SIGTERM');
    await until(async () => (await server.command('LLEN', LAST)) === '1', explain);
    await runs.release(round);
    expect(await exited).toBe(0);
    expect(await begun(100)).toBe(0);
  }
  const worker = await startWorker();
  const explain = (): string => worker.log();
  await until(async () => (await begun(100)) === 1, explain);
  await killChild(worker);
  await until(async () => (await begun(100)) === 2, explain);
  await runs.release(100);
  expect(await unlucky.get({ timeout: 120 })).toBe(100);
});

test('a message whose workers and children died as often as it may be delivered is set aside', async () => {
  const poison = await app.sendTask('faults.hold', [200]);
  let worker = await startWorker();
  const explain = (): string => worker.log();
  for (let death = 1; death < MOST; death++) {
    await until(async () => (await begun(200)) === death, explain);
    await worker.kill('SIGKILL');
    worker = await startWorker();
  }
  await until(async () => (await begun(200)) === MOST, explain);
  await killChild(worker);
  await until(async () => (await server.command('LLEN', 'celery.rejected')) === '1', explain);
  await expect(poison.get({ timeout: 120 })).rejects.toThrow(/given up: delivered 3 times/);
  expect(await begun(200)).toBe(MOST);
  expect(await held()).toBe('0');
});
