import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startWorker } from './support/process.js';
import { fileSite } from './support/producer.js';

const COUNT = 10_000;

/** Which numbers the tasks noted, each as often as it was run. */
async function runsIn(folder: string): Promise<number[]> {
  const files = await readdir(folder);
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  return texts.flatMap((text) => text.split('\n').filter(Boolean).map(Number));
}

const NAMES = ['demo.count', 'demo.countLate'];

test.each(['solo', 'green', 'prefork', 'threads'])(
  'on the pool %s 10,000 tasks all come back, none lost, none run twice, with the worker restarted in the middle',
  { timeout: 120_000 },
  async (pool) => {
    const { app, folder, env } = await fileSite();
    const runs = join(folder, 'runs');
    await mkdir(runs);
    const args = ['-P', pool, '-c', pool === 'green' ? '100' : '2'];
    const results = await Promise.all(
      Array.from({ length: COUNT }, (_, i) => app.sendTask<number>(NAMES[i % 2] as string, [runs, i])),
    );
    const first = await startWorker(env, ...args);
    await first.line(/ succeeded in /);
    first.kill('SIGTERM');
    expect(await first.exited()).toBe(0);
    const early = (await runsIn(runs)).length;
    expect(early).toBeGreaterThan(0);
    expect(early).toBeLessThan(COUNT);
    const second = await startWorker(env, ...args);
    const values = await Promise.all(results.map((result) => result.get()));
    expect(values).toEqual(results.map((_, i) => i));
    second.kill('SIGTERM');
    expect(await second.exited()).toBe(0);
    const noted = await runsIn(runs);
    expect(noted.sort((a, b) => a - b)).toEqual(values);
  },
);
