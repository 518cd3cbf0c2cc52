import { join } from 'node:path';
import { type Job, Terminated } from '@pool/core';
import { expect, it } from 'vitest';
import { blockUntil, isAlive, linesOf, newFolder, sentAhead, started, target } from './support.js';

for (const scheduling of ['auto', 'fast'] as const)
  it(`with ${scheduling}, ending a job that has ended unread does not hit the one that came after`, async () => {
    const pool = await started({ scheduling });
    const path = join(newFolder(), 'begun');
    const run = (name: string, ms = 0) => pool.applyAsync(target('noteAndSpin'), [path, name, ms]);
    const early = async () => {
      for (let i = 0; i < 200; i++) await run('early').result;
    };
    const jobs = await sentAhead(pool, early, () => [run('first'), run('second', 300)]);
    const [first, second] = jobs as [Job, Job];
    // Both are with the child, which has ended the first, unread.
    blockUntil(() => linesOf(path).at(-1) === 'second');
    const terminated = first.terminate();
    expect(await first.result).toBe(await second.result);
    expect(await terminated).toBe(true);
  });

it('what a child had not begun does not begin while it is killed', async () => {
  const pool = await started({ limit: 1, killGrace: 0.5 });
  const path = join(newFolder(), 'begun');
  const run = (name: string, ms = 0) => pool.applyAsync(target('noteAndSpin'), [path, name, ms]);
  const before = await pool.applyAsync(target('pid')).result;
  await pool.applyAsync(target('handleSignal'), ['SIGTERM']).result;
  const early = async () => {
    for (let i = 0; i < 200; i++) await run('early').result;
  };
  // The first one ends while it is killed, within the grace.
  const jobs = await sentAhead(pool, early, () => [
    run('first', 250),
    ...Array.from({ length: 20 }, () => run('other')),
  ]);
  const [first, ...others] = jobs as [Job, ...Job[]];
  // All are with the child, which is at the first.
  blockUntil(() => linesOf(path).at(-1) === 'first');
  const terminated = first.terminate();
  const pids = await Promise.all(others.map((job) => job.result));
  expect(new Set(pids).size).toBe(1);
  expect(pids[0]).not.toBe(before);
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
    // Nothing but the kernel has anything left to do, so nothing else gets a turn.
    blockUntil(() => !isAlive(grandchild as number));
  },
);
