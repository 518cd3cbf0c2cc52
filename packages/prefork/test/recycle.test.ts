import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { started, target, until } from './support.js';

const recycled = (pool: Awaited<ReturnType<typeof started>>): string[] => {
  const reasons: string[] = [];
  pool.on('childRecycled', ({ reason }) => reasons.push(reason));
  return reasons;
};

it('the replacement is ready before the old child leaves', async () => {
  const pool = await started({ maxTasksPerChild: 3 });
  const events: string[] = [];
  pool.on('childReady', () => events.push('ready'));
  pool.on('childRecycled', ({ reason }) => events.push(reason));
  const pids: number[] = [];
  for (let i = 0; i < 6; i++) pids.push((await pool.applyAsync<number>(target('pid')).result) as number);
  await until(() => events.includes('tasks'), 'the first child has left');
  expect(events.slice(0, 2)).toEqual(['ready', 'tasks']);
  expect(new Set(pids.slice(0, 3)).size).toBe(1);
  expect(new Set(pids).size).toBe(2);
});

it('a child that has grown too large is replaced after the job', async () => {
  const pool = await started({ maxMemoryPerChild: 150_000 });
  const reasons = recycled(pool);
  const before = await pool.applyAsync(target('pid')).result;
  await pool.applyAsync(target('leak'), [200 * 2 ** 20]).result;
  await until(() => reasons.includes('memory'), 'the child has left');
  expect(await pool.applyAsync(target('pid')).result).not.toBe(before);
});

it('a child that idles after work is replaced, one that never worked is not', async () => {
  const pool = await started({ limit: 2, maxIdle: 0.1 });
  const left: number[] = [];
  pool.on('childRecycled', ({ pid, reason }) => {
    if (reason === 'idle') left.push(pid);
  });
  const worked = (await pool.applyAsync<number>(target('pid')).result) as number;
  await until(() => left.length > 0, 'a child has left');
  expect(left).toEqual([worked]);
});

it('a child that is too old is replaced', async () => {
  const pool = await started({ maxAge: 0.2 });
  const reasons = recycled(pool);
  await until(() => reasons.includes('age'), 'a child has left');
  expect(await pool.applyAsync(target('add'), [1, 2]).result).toBe(3);
});

const RECYCLES = Number(process.env['PREFORK_RECYCLES'] ?? 60);

it(`${RECYCLES} recycles leak no file descriptors and no listeners`, async () => {
  const pool = await started({ limit: 3, maxTasksPerChild: 1, output: 'prefix' });
  const descriptors = (): number => readdirSync('/proc/self/fd').length;
  const listeners = (): number =>
    [process, process.stdout, process.stderr].reduce(
      (sum, emitter) => sum + emitter.eventNames().reduce((n, name) => n + emitter.listenerCount(name), 0),
      0,
    );
  const settled = (): boolean => (pool.info['processes'] as number[]).length === 3;
  const run = async (n: number): Promise<void> => {
    await Promise.all(Array.from({ length: n }, () => pool.applyAsync(target('pid')).result));
    await until(settled, 'every slot has a child');
  };
  await run(9);
  const before = descriptors();
  const heard = listeners();
  await run(RECYCLES);
  // Replacements stand by, and some may still be on their way in or out.
  await until(() => descriptors() <= before + 12, 'the descriptors are given back');
  expect(listeners()).toBeLessThanOrEqual(heard);
});
