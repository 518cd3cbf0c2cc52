import { Terminated } from '@pool/core';
import { expect, it } from 'vitest';
import { block, isAlive, started, target } from './support.js';

for (const scheduling of ['auto', 'fast'] as const)
  it(`with ${scheduling}, ending a job that has ended unread does not hit the one that came after`, async () => {
    const pool = await started({ scheduling });
    const run = (ms: number) => pool.applyAsync<number>(target('spinFor'), [ms]);
    for (let i = 0; i < 200; i++) await run(0).result;
    const [first, second] = [run(0), run(300)];
    await new Promise<void>((resolve) => process.nextTick(resolve));
    // Both are with the child, which has ended the first by now and is at the second.
    block(50);
    const terminated = first.terminate();
    expect(await first.result).toBe(await second.result);
    expect(await terminated).toBe(true);
  });

it('what a child had not begun does not begin while it is killed', async () => {
  const pool = await started({ limit: 1, killGrace: 0.5 });
  const run = (ms: number) => pool.applyAsync<number>(target('spinFor'), [ms]);
  await pool.applyAsync(target('handleSignal'), ['SIGTERM']).result;
  for (let i = 0; i < 200; i++) await run(0).result;
  // It ends while it is killed, within the grace.
  const jobs = [run(250), ...Array.from({ length: 20 }, () => run(0))];
  await new Promise<void>((resolve) => process.nextTick(resolve));
  // All are with the child, which is at the first.
  block(50);
  const before = pool.info['processes'];
  const terminated = jobs[0]?.terminate();
  const pids = await Promise.all(jobs.slice(1).map((job) => job.result));
  expect(new Set(pids).size).toBe(1);
  expect(before).not.toContain(pids[0]);
  expect(await terminated).toBe(true);
});

it('a signal that there is not is refused, and the job goes on', async () => {
  const pool = await started();
  const job = pool.applyAsync(target('sleep'), [200]);
  for (const signal of ['SIGFOO', 'TERM', 9, null])
    await expect(job.terminate(signal as NodeJS.Signals)).rejects.toThrow(TypeError);
  await job.result;
  expect(await pool.applyAsync(target('add'), [1, 2]).result).toBe(3);
});

it('a job may be ended twice, the second time for certain', async () => {
  const pool = await started({ killGrace: 60 });
  await pool.applyAsync(target('handleSignal'), ['SIGTERM']).result;
  let job = pool.applyAsync(target('add'), [0, 0]);
  await new Promise((acceptCallback) => {
    job = pool.applyAsync(target('sleep'), [1e6], {}, { acceptCallback });
  });
  const both = [job.terminate(), job.terminate('SIGKILL')];
  await expect(job.result).rejects.toMatchObject({ code: Terminated.code, signal: 'SIGKILL' });
  expect(await Promise.all(both)).toEqual([true, true]);
});

it.skipIf(process.platform === 'win32')(
  'terminate() resolves when what the jobs started is gone too',
  async () => {
    const pool = await started();
    const grandchild = await new Promise<unknown>((messageCallback) => {
      pool.applyAsync(target('stubbornGrandchild'), [], {}, { messageCallback });
    });
    await pool.terminate();
    expect(isAlive(grandchild as number)).toBe(false);
  },
);
