import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from '@pool/app';
import { Worker } from '@pool/worker';
import { afterEach, beforeEach, expect, test } from 'vitest';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'worker-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('a task sent is run and its result comes back', async () => {
  const app = new App('t', { broker: `memory://${folder}`, resultBackend: `filesystem://${folder}/results` });
  const add = app.task('demo.add', (x: number, y: number) => x + y);
  const worker = new Worker(app, { pool: 'solo', logLevel: 'trace', logFormat: 'pretty' });
  await worker.start();
  const result = await add.delay(2, 3);
  expect(await result.get({ timeout: 5 })).toBe(5);
  await worker.stop();
  await app.close();
});

test('prefork', async () => {
  process.env['TEST_RESULTS'] = `filesystem://${folder}/results`;
  process.env['POOL_BROKER_URL'] = `memory://${folder}`;
  const module = new URL('./fixtures/tasks.js', import.meta.url).href;
  const { app, add, fail, exit } = await import(module);
  const worker = new Worker(app, {
    pool: 'prefork',
    concurrency: 2,
    appModule: module,
    logLevel: 'trace',
    logFormat: 'pretty',
  });
  await worker.start();
  const result = await add.delay(2, 3);
  expect(await result.get({ timeout: 5 })).toBe(5);
  await expect((await fail.delay('no')).get({ timeout: 5 })).rejects.toThrow('RangeError: no');
  await expect((await exit.delay(3)).get({ timeout: 5 })).rejects.toThrow('exit');
  await worker.stop();
  await app.close();
});
