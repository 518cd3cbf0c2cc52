import { NotSupportedError, PoolStartError } from '@pool/core';
import { expect, it } from 'vitest';
import { isAlive, linesOf, newFolder, newPool, started, target, until } from './support.js';

const broken = new URL('./fixtures/broken.mjs', import.meta.url).href;

it('a child that fails to import its modules makes start() reject with what it printed', async () => {
  const pool = newPool({ imports: [broken], output: 'prefix' });
  const error = await pool.start().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(PoolStartError);
  expect((error as Error).message).toContain('this module is broken');
  expect((error as Error).message).toContain('about to fail');
  expect((error as Error).message).toContain(`importing '${broken}'`);
  expect(pool.didStartOk()).toBe(false);
});

it('jobs handed in while the pool starts run on the first child that is ready, or fail as the start does', async () => {
  const pool = newPool({ limit: 2 });
  const started = pool.start();
  const job = pool.applyAsync<number>(target('add'), [1, 2]);
  expect(await job.result).toBe(3);
  await started;
  const failing = newPool({ imports: [broken] });
  const failed = failing.start().catch((thrown: unknown) => thrown);
  await expect(failing.applyAsync(target('add'), [1, 2]).result).rejects.toBeInstanceOf(PoolStartError);
  expect(await failed).toBeInstanceOf(PoolStartError);
});

it('a child that is not ready in time makes start() reject and is gone', async () => {
  const pool = newPool({ initializer: target('spin'), aliveTimeout: 0.3 });
  const pids: number[] = [];
  pool.on('childSpawned', ({ pid }) => pids.push(pid));
  await expect(pool.start()).rejects.toThrow('not ready within 0.3 s');
  expect(pids.some(isAlive)).toBe(false);
});

it('a program that cannot be started makes start() reject', async () => {
  const pool = newPool({ cwd: '/nowhere/at/all' });
  const error = await pool.start().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(PoolStartError);
  expect((error as Error).message).toContain("the folder '/nowhere/at/all'");
});

it('an initializer that fails is named', async () => {
  const pool = newPool({ initializer: target('nowhere') });
  await expect(pool.start()).rejects.toThrow("running the initializer 'nowhere'");
});

it('the initializer runs before the first job, the shutdown hook when a child leaves', async () => {
  const path = `${newFolder()}/goodbye`;
  const pool = await started({
    initializer: target('initialise'),
    shutdown: target('sayGoodbye'),
    env: { ...process.env, GOODBYE: path },
  });
  expect(await pool.applyAsync(target('isInitialised')).result).toBe('yes');
  const [pid] = pool.info['processes'] as number[];
  await pool.stop();
  expect(linesOf(path)).toEqual([`${pid} 0`]);
});

it('children that do not come up any more are tried less and less often, and the pool says it is unhealthy', async () => {
  const env: NodeJS.ProcessEnv = { ...process.env };
  const pool = await started({ env, maxTasksPerChild: 1 });
  const problem = new Promise<{ failures: number; delay: number }>((resolve) =>
    pool.once('unhealthy', resolve),
  );
  // From now on no child comes up.
  env['NODE_OPTIONS'] = '--no-such-option';
  const jobs = [1, 2, 3].map((i) => pool.applyAsync(target('add'), [i, 0]));
  const { failures, delay } = await problem;
  expect(failures).toBe(3);
  expect(delay).toBe(0.4);
  const healthy = new Promise<void>((resolve) => pool.once('healthy', () => resolve()));
  delete env['NODE_OPTIONS'];
  expect(await Promise.all(jobs.map((job) => job.result))).toEqual([1, 2, 3]);
  await healthy;
});

it('a pool without a living child does not say that it is well', async () => {
  const env: NodeJS.ProcessEnv = { ...process.env };
  const pool = await started({ env });
  expect(pool.didStartOk()).toBe(true);
  env['NODE_OPTIONS'] = '--no-such-option';
  const lost = new Promise((resolve) => pool.once('childLost', resolve));
  process.kill((pool.info['processes'] as number[])[0] as number, 'SIGKILL');
  await lost;
  expect(pool.didStartOk()).toBe(false);
  expect(pool.info['processes']).toEqual([]);
});

it('functions and wrong options are refused', async () => {
  const pool = await started();
  expect(() => pool.applyAsync(() => 1)).toThrow(NotSupportedError);
  expect(() => newPool({ serialization: 'xml' as never })).toThrow(TypeError);
  expect(() => newPool({ scheduling: 'random' as never })).toThrow(TypeError);
  expect(() => newPool({ maxTasksPerChild: 0 })).toThrow(TypeError);
  expect(() => newPool({ initializer: (() => {}) as never })).toThrow(TypeError);
  expect(() => newPool({ nonsense: 1 } as never)).toThrow("no option 'nonsense'");
});

it('a spare takes over at once, and another comes up', async () => {
  const pool = await started({ spare: 1 });
  const seen: number[] = [];
  pool.on('childReady', ({ pid }) => seen.push(pid));
  await until(() => seen.length === 1, 'the spare is ready');
  const spare = seen[0];
  await pool.applyAsync(target('exit'), [1]).result.catch(() => {});
  expect(await pool.applyAsync(target('ids')).result).toMatchObject({
    pid: spare,
    title: 'pool: pool:PreforkChild-1',
  });
  await until(() => seen.length === 2, 'the next spare is ready');
});
