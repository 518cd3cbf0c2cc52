import { expect, it } from 'vitest';
import { started, target } from './support.js';

it('auto sends quick jobs ahead and nothing behind a long one of another name', async () => {
  const pool = await started({ limit: 2 });
  await Promise.all(Array.from({ length: 500 }, (_, i) => pool.applyAsync(target('add'), [i, 1]).result));
  const long = pool.applyAsync(target('spinFor'), [1500]);
  const short = await Promise.all(
    Array.from({ length: 500 }, (_, i) => pool.applyAsync(target('add'), [i, 1]).result),
  );
  expect(short).toHaveLength(500);
  expect(long.ready).toBe(false);
  await long.result;
});

it('what waits behind a job that turned out long goes to a child that is free', async () => {
  const pool = await started({ limit: 2, scheduling: 'fast', depth: 4 });
  // The second child is kept busy for a moment, so that all that follows goes behind the first one's job.
  const long = pool.applyAsync(target('sleep'), [1e6]);
  const rest = Array.from({ length: 6 }, () => pool.applyAsync<number>(target('pid')));
  await Promise.all(rest.map((job) => job.result));
  expect(long.ready).toBe(false);
  expect(await long.terminate()).toBe(true);
  await expect(long.result).rejects.toThrow();
});

it('fair gives a child one job at a time', async () => {
  const pool = await started({ limit: 1, scheduling: 'fair' });
  await Promise.all(Array.from({ length: 100 }, () => pool.applyAsync(target('add'), [1, 1]).result));
  const accepted: number[] = [];
  const jobs = [30, 30, 30].map((ms, i) =>
    pool.applyAsync(target('spinFor'), [ms], {}, { acceptCallback: () => accepted.push(i) }),
  );
  await jobs[0]?.result;
  expect(accepted.length).toBeLessThanOrEqual(2);
  expect(jobs[2]?.state).toBe('pending');
  await Promise.all(jobs.map((job) => job.result));
});

it('a soft limit reaches synchronous code, of quick jobs too, and the child lives on', async () => {
  const pool = await started();
  const run = (ms: number) => pool.applyAsync<number>(target('spinFor'), [ms], {}, { softTimeout: 0.3 });
  for (let i = 0; i < 100; i++) await run(0).result;
  const jobs = Array.from({ length: 10 }, (_, i) => run(i === 4 ? 60_000 : 0));
  const results = await Promise.allSettled(jobs.map((job) => job.result));
  expect(results.map(({ status }) => status)).toEqual(
    results.map((_, i) => (i === 4 ? 'rejected' : 'fulfilled')),
  );
  expect((results[4] as PromiseRejectedResult).reason).toMatchObject({
    code: 'ERR_POOL_SOFT_TIME_LIMIT_EXCEEDED',
  });
  expect(await run(0).result).toBe(await run(0).result);
});
