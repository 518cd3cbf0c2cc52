import { setImmediate as turn } from 'node:timers/promises';
import { SoftTimeLimitExceeded } from '@pool/core';
import { expect, it } from 'vitest';
import { block, newPool, started, target } from './support.js';

it('a soft limit that passes while a large result is on its way does not interrupt it', async () => {
  const pool = await started();
  const pid = await pool.applyAsync(target('pid')).result;
  const job = pool.applyAsync<Buffer[]>(target('threeBuffers'), [1 << 20], {}, { softTimeout: 0.5 });
  await turn();
  // The channel is full long before the result is sent.
  block(1200);
  const buffers = (await job.result) as Buffer[];
  expect(buffers.map((buffer) => [buffer.length, buffer[0], buffer.at(-1)])).toEqual(
    [1, 2, 3].map((value) => [1 << 20, value, value]),
  );
  expect(await pool.applyAsync(target('pid')).result).toBe(pid);
});

it('a soft limit that interrupts a message ends the job, and the pool goes on', async () => {
  const pool = await started();
  const job = pool.applyAsync(target('postThreeBuffers'), [1 << 20], {}, { softTimeout: 0.1 });
  await turn();
  block(400);
  await expect(job.result).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_POOL_/) });
  expect(await pool.applyAsync(target('add'), [1, 2]).result).toBe(3);
});

it('a job that ended within its limits did so, however late the pool comes to read it', async () => {
  const pool = await started();
  const pid = await pool.applyAsync(target('pid')).result;
  const passed: unknown[] = [];
  let job: { result: Promise<unknown> } | undefined;
  await new Promise((acceptCallback) => {
    const timeoutCallback = (soft: boolean) => passed.push(soft);
    const limits = { softTimeout: 1, timeout: 1.2 };
    job = pool.applyAsync(target('sleep'), [50], {}, { ...limits, acceptCallback, timeoutCallback });
  });
  block(1800);
  await job?.result;
  expect(passed).toEqual([]);
  expect(await pool.applyAsync(target('pid')).result).toBe(pid);
});

it('a child that was ready in time was so, however late the pool comes to hear of it', async () => {
  const pool = newPool({ aliveTimeout: 3 });
  const ready = pool.start();
  block(4000);
  await ready;
  expect(await pool.applyAsync(target('add'), [1, 2]).result).toBe(3);
});

it('a soft limit does not interrupt a module that loads, which would be broken for all jobs that follow', async () => {
  const pool = await started();
  const module = new URL('./fixtures/slow.cjs', import.meta.url).href;
  const jobs = [1, 2, 3].map((i) => {
    const options = { softTimeout: 0.2 };
    return pool.applyAsync<number>({ module, name: 'echo' }, [i], {}, options);
  });
  expect(await Promise.all(jobs.map((job) => job.result))).toEqual([1, 2, 3]);
});

it('what becomes of a job after its soft limit is never told of another', async () => {
  const pool = await started();
  const options = { softTimeout: 0.1 };
  const late = pool.applyAsync(target('lateThen'), [200], {}, options);
  const other = pool.applyAsync(target('sleepAndGive'), [500, 'other'], {}, options);
  await expect(late.result).rejects.toMatchObject({ code: SoftTimeLimitExceeded.code });
  expect(await other.result).toBe('other');
  expect(await pool.applyAsync(target('echo'), ['next']).result).toBe('next');
});

it('a soft limit that strikes while the next job is claimed costs that job and no other', async () => {
  const pool = await started();
  const options = { softTimeout: 0.2 };
  const batch = () =>
    Array.from({ length: 50 }, (_, i) => pool.applyAsync<number>(target('add'), [i, 1], {}, options).result);
  await Promise.all(batch());
  await pool.applyAsync(target('stickInClaim')).result;
  let failed: unknown[] = [];
  while (failed.length === 0) {
    const results = await Promise.allSettled(batch());
    results.forEach((result, i) => {
      if (result.status === 'fulfilled') expect(result.value).toBe(i + 1);
      else failed = [...failed, result.reason];
    });
  }
  expect(failed).toHaveLength(1);
  expect(failed[0]).toMatchObject({
    code: 'ERR_POOL_WORKER_LOST',
    details: { exitCode: 1, phase: 'running' },
  });
});
