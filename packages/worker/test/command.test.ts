import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PoolProcess, startWorker, tasksModule } from './support/process.js';
import { fileSite } from './support/producer.js';

const run = async (
  args: string[],
  env: Record<string, string>,
): Promise<PoolProcess & { code: number | null }> => {
  const process = new PoolProcess(args, env);
  const code = await process.exited();
  return Object.assign(process, { code });
};

describe('the command pool', { timeout: 120_000 }, () => {
  test('runs a worker, sends it a task, prints the result, and ends with 0 on SIGTERM', async () => {
    const { env } = await fileSite();
    const worker = await startWorker(env, '-c', '1');
    const call = await run(['call', 'demo.add', '--args', '[2]', '--kwargs', '{"y":3}'], env);
    expect(call.code).toBe(0);
    const result = await run(['result', call.stdout.trim(), '--timeout', '20'], env);
    expect(result.stdout).toBe('5\n');
    const failed = await run(['call', 'demo.fail', '-a', '["not today"]', '--wait'], env);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain('RangeError: not today');
    worker.kill('SIGTERM');
    expect(await worker.exited()).toBe(0);
    const ready = worker.lines.find(({ msg }) => / ready$/.test(msg));
    expect(ready?.['worker']).toMatchObject({ app: 'demo', pool: 'prefork', concurrency: '1' });
  });

  test('shows a banner for people, with what a newcomer wants to know and no password', async () => {
    const { env } = await fileSite();
    const worker = new PoolProcess(
      ['-A', tasksModule, 'worker', '-P', 'solo', '-Q', 'a,b', '--log-format', 'pretty'],
      { ...env, POOL_RESULT_BACKEND: `${env['POOL_RESULT_BACKEND']}?password=secret` },
    );
    await expect.poll(() => worker.stderr, { timeout: 60_000 }).toContain('ready');
    worker.kill('SIGINT');
    expect(await worker.exited()).toBe(1);
    for (const text of [
      'app          demo',
      'broker       filesystem://',
      'solo, concurrency 1',
      'a  exchange=a(direct) key=a',
      'demo.add',
    ])
      expect(worker.stdout).toContain(text);
    expect(worker.stdout + worker.stderr).not.toContain('secret');
  });

  test('says in one line what is wrong, and what to do', async () => {
    const { env } = await fileSite();
    const wrong = await run(['worker', '-A', tasksModule, '--set', 'prefetchMultiplyer=2'], env);
    expect([wrong.code, wrong.stderr]).toEqual([
      1,
      expect.stringContaining('did you mean prefetchMultiplier?'),
    ]);
    const missing = await run(['worker', '-A', './nowhere.js'], env);
    expect([missing.code, missing.stderr]).toEqual([
      1,
      expect.stringContaining('there is no module ./nowhere.js'),
    ]);
    const pool = await run(['worker', '-A', tasksModule, '-P', '@acme/none'], env);
    expect([pool.code, pool.stderr]).toEqual([1, expect.stringContaining('npm install @acme/none')]);
    const limit = await run(['worker', '-A', tasksModule, '-P', 'solo', '--max-tasks-per-child', '3'], env);
    expect([limit.code, limit.stderr]).toEqual([1, expect.stringContaining('does not support recycle')]);
  });

  test.each(['prefork', 'threads'])(
    'what a task prints on %s is a log line with its name and id',
    async (pool) => {
      const { app, env } = await fileSite();
      const worker = await startWorker(env, '-P', pool, '-c', '1');
      const result = await app.sendTask('demo.print', ['hello from inside']);
      const line = await worker.line(({ msg }) => msg === 'hello from inside');
      expect(line).toMatchObject({ taskId: result.id, taskName: 'demo.print', level: 40 });
    },
  );

  test.for(['prefork', 'solo'])('goes on with %s when nobody reads what it logs any more', async (pool) => {
    const { env, app } = await fileSite();
    const worker = await startWorker(env, '-P', pool, '-c', '1');
    worker.process.stdout?.destroy();
    worker.process.stderr?.destroy();
    for (const text of ['to nobody', 'once more'])
      expect(await (await app.sendTask('demo.print', [text])).get({ timeout: 60 })).toBe(text);
    const failed = await app.sendTask('demo.fail', ['unheard']);
    await expect(failed.get({ timeout: 60 })).rejects.toThrow('unheard');
    worker.kill('SIGTERM');
    expect(await worker.exited()).toBe(0);
  });

  test('on SIGTERM a running task is finished and its result is there', async () => {
    const { app, env } = await fileSite();
    const worker = await startWorker(env, '-c', '1');
    const result = await app.sendTask('demo.hold', [1000]);
    await expect.poll(() => result.state(), { timeout: 60_000 }).toBe('STARTED');
    worker.kill('SIGTERM');
    expect(await worker.exited()).toBe(0);
    expect(await result.state()).toBe('SUCCESS');
  });

  test('on SIGQUIT a running late-ack task goes back at once, and the next worker runs it', async () => {
    const { app, env } = await fileSite();
    const worker = await startWorker(env, '-c', '1');
    const result = await app.sendTask('demo.hold', [60_000]);
    await expect.poll(() => result.state(), { timeout: 60_000 }).toBe('STARTED');
    worker.kill('SIGQUIT');
    expect(await worker.exited()).toBe(1);
    const transport = await app.transport();
    expect(await transport.queueSize('celery')).toBe(1);
    expect(await result.ready()).toBe(false);
  });

  test.each(['prefork'])(
    'with late acks, a worker on %s that is killed loses nothing: the next one finishes all',
    async (pool) => {
      const { app, folder, env } = await fileSite();
      const runs = join(folder, 'runs');
      await mkdir(runs);
      const first = await startWorker(env, '-P', pool, '-c', '2');
      const results = await Promise.all(
        Array.from({ length: 300 }, (_, i) => app.sendTask<number>('demo.countLate', [runs, i])),
      );
      await first.line(/ succeeded in /);
      first.kill('SIGKILL');
      await first.exited();
      await startWorker(env, '-P', pool, '-c', '2');
      const values = await Promise.all(results.map((result) => result.get({ timeout: 50 })));
      expect(values).toEqual(results.map((_, i) => i));
      const files = await readdir(runs);
      const texts = await Promise.all(files.map((file) => readFile(join(runs, file), 'utf8')));
      const noted = texts.flatMap((text) => text.split('\n').filter(Boolean));
      expect(new Set(noted).size).toBe(300);
      // At most what was in flight when the worker was killed is run again.
      expect(noted.length - 300).toBeLessThanOrEqual(8);
    },
  );
});
