import { existsSync, readFileSync, statSync } from 'node:fs';
import type { Job } from '@pool/core';
import { expect, it } from 'vitest';
import { blockUntil, newFolder, sent, started, target } from './support.js';

it('auto sends quick jobs ahead and nothing behind a long one of another name', async () => {
  const pool = await started({ limit: 2 });
  await Promise.all(Array.from({ length: 500 }, (_, i) => pool.applyAsync(target('add'), [i, 1]).result));
  const long = pool.applyAsync(target('spin'));
  const short = await Promise.all(
    Array.from({ length: 500 }, (_, i) => pool.applyAsync(target('add'), [i, 1]).result),
  );
  expect(short).toHaveLength(500);
  expect(long.ready).toBe(false);
  expect(await long.terminate('SIGKILL')).toBe(true);
  await expect(long.result).rejects.toThrow('SIGKILL');
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

for (const scheduling of ['auto', 'fair'] as const)
  it(`${scheduling} takes quick jobs back from a child in a busy loop`, async () => {
    const pool = await started({ limit: 2, scheduling });
    let handedIn = 0;
    const run = (ms: number, acceptCallback = () => {}) => {
      handedIn += 1;
      return pool.applyAsync(target('spinFor'), [ms], {}, { acceptCallback });
    };
    const quick = () => Promise.all(Array.from({ length: 200 }, () => run(0).result));
    // Sent more often than there are jobs. On a busy machine they may have taken too long to be sent ahead: then once more.
    while (sent(pool) <= handedIn) {
      await quick();
      let stuck: Job | undefined;
      // The same kind, so nothing tells it apart before it runs.
      await new Promise<void>((resolve) => {
        stuck = run(1e9, resolve);
      });
      await quick();
      expect(stuck?.ready).toBe(false);
      expect(await stuck?.terminate('SIGKILL')).toBe(true);
      await expect(stuck?.result).rejects.toThrow('SIGKILL');
    }
  });

it('jobs that are taken back again and again, since some of their kind are slow, run exactly once', async () => {
  const path = `${newFolder()}/marks`;
  const pool = await started({ limit: 2, scheduling: 'fair' });
  const count = 30_000;
  const jobs = Array.from({ length: count }, (_, i) => {
    // After as many quick ones as it takes to be sent ahead again.
    const ms = i % 1500 === 1499 ? 5 : 0;
    return pool.applyAsync(target('mark'), [path, i, ms]);
  });
  await Promise.all(jobs.map((job) => job.result));
  const bytes = readFileSync(path);
  const runs = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4).toSorted();
  expect(runs).toHaveLength(count);
  // Sent more often than there are jobs: some were taken back.
  expect(sent(pool)).toBeGreaterThan(count);
  expect(runs.every((number, i) => number === i)).toBe(true);
});

it('fast runs quick jobs that were taken back in their new place, among slow ones', async () => {
  const pool = await started({ limit: 2, scheduling: 'fast' });
  for (let i = 0; i < 200; i++) await pool.applyAsync(target('add'), [i, 1]).result;
  const jobs = Array.from({ length: 400 }, (_, i) => {
    if (i % 7 === 0) return pool.applyAsync(target('spinFor'), [i % 21 === 0 ? 15 : 1]);
    return i % 3 === 0
      ? pool.applyAsync(target('sleepAndGive'), [2, i])
      : pool.applyAsync(target('add'), [i, 0]);
  });
  const values = await Promise.all(jobs.map((job) => job.result));
  values.forEach((value, i) => {
    if (i % 7 !== 0) expect(value).toBe(i);
  });
});

it('fast keeps the limit of a job, whatever was taken back and sent behind it', async () => {
  const path = `${newFolder()}/marks`;
  const pool = await started({ scheduling: 'fast' });
  await Promise.all(Array.from({ length: 200 }, () => pool.applyAsync(target('add'), [1, 1]).result));
  const first = pool.applyAsync(target('mark'), [path, 1, 100]);
  const taken = pool.applyAsync(target('add'), [1, 1]);
  const stuck = pool.applyAsync(target('spin'), [], {}, { timeout: 0.3 });
  await new Promise<void>((resolve) => setImmediate(resolve));
  const ended = taken.terminate();
  const behind = pool.applyAsync<number>(target('add'), [1, 2]);
  // The child ends the first one and looks for the next before the pool hears anything of it.
  await new Promise<void>((resolve) => process.nextTick(resolve));
  blockUntil(() => existsSync(path) && statSync(path).size > 0);
  expect(await ended).toBe(true);
  await first.result;
  await expect(stuck.result).rejects.toMatchObject({ code: 'ERR_POOL_TIME_LIMIT_EXCEEDED' });
  expect(await behind.result).toBe(3);
});

it('a job that waits in a child in a busy loop can be ended, and only it ends', async () => {
  const pool = await started({ limit: 1 });
  const run = (ms: number) => pool.applyAsync<number>(target('spinFor'), [ms]);
  await Promise.all(Array.from({ length: 100 }, () => run(0).result));
  const long = run(2000);
  const [first, second] = [run(0), run(0)];
  await new Promise<void>((resolve) => setImmediate(resolve));
  expect(await second.terminate()).toBe(true);
  await expect(second.result).rejects.toThrow('before it started');
  expect([long.ready, first.ready]).toEqual([false, false]);
  expect(await first.result).toBe(await long.result);
});

it.runIf(process.platform === 'linux')(
  'the file from which a child claims jobs does not grow with them, and none is lost',
  async () => {
    const pool = await started({ limit: 1, imports: [target('add').module] });
    const { pid } = (await pool.applyAsync<{ pid: number }>(target('ids')).result) ?? {};
    const size = () => statSync(`/proc/${pid}/fd/5`).blocks * 512;
    let largest = 0;
    for (let round = 0; round < 200; round++) {
      const sums = await Promise.all(
        Array.from({ length: 1000 }, (_, i) => pool.applyAsync<number>(target('add'), [i, round]).result),
      );
      for (let i = 0; i < sums.length; i++) if (sums[i] !== i + round) throw new Error(`${i}: ${sums[i]}`);
      largest = Math.max(largest, size());
    }
    expect(largest).toBeGreaterThan(100_000);
    expect(largest).toBeLessThan(400_000);
  },
);

it('fair gives a child one slow job at a time', async () => {
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
