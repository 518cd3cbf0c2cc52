import { fileURLToPath } from 'node:url';
import { App } from '@pool/app';
import { requireServer } from '@pool/servers/vitest';
import { expect, onTestFinished, test } from 'vitest';
import { WorkerProcess } from '../src/worker-process.mjs';

const server = await requireServer('redis');
const tasks = fileURLToPath(new URL('../src/tasks.mjs', import.meta.url));

async function packagesOn(pool: string): Promise<unknown> {
  const env = { POOL_BROKER_URL: server.url, POOL_RESULT_BACKEND: server.url };
  const worker = await WorkerProcess.start(tasks, env, ['-P', pool, '-c', '1']);
  onTestFinished(async () => {
    await worker.kill('SIGKILL');
  });
  const app = new App('sender', { broker: server.url, resultBackend: server.url });
  onTestFinished(() => app.close());
  const loaded = await (await app.sendTask('faults.packages')).get({ timeout: 120 });
  expect(await worker.kill('SIGTERM')).toBe(0);
  return loaded;
}

const heavy = ['ioredis', 'pino'];

test('a child process loads neither the client of the broker nor the logger; the worker has them', async () => {
  expect(await packagesOn('solo')).toEqual(expect.arrayContaining(heavy));
  const inChild = await packagesOn('prefork');
  expect(inChild).toEqual(expect.any(Array));
  for (const name of heavy) expect(inChild).not.toContain(name);
});
