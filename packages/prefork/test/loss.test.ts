import { TimeLimitExceeded, WorkerLostError } from '@pool/core';
import { describe, expect, it } from 'vitest';
import { isAlive, linesOf, newFolder, started, target, until } from './support.js';

const lossOf = async (promise: Promise<unknown>): Promise<WorkerLostError> => {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(WorkerLostError);
  return error as WorkerLostError;
};

describe('the loss of a child', () => {
  it('tells pid, exit code, phase and the id of the job', async () => {
    const pool = await started();
    const job = pool.applyAsync(target('exit'), [7], {}, { correlationId: 'the-id' });
    const { details, message } = await lossOf(job.result);
    expect(details).toEqual({ pid: job.pid, exitCode: 7, phase: 'running', correlationId: 'the-id' });
    expect(message).toContain('exit code 7');
    expect(message).toContain('the-id');
  });

  it('tells the signal', async () => {
    const pool = await started();
    expect((await lossOf(pool.applyAsync(target('kill'), ['SIGKILL']).result)).details.signal).toBe(
      'SIGKILL',
    );
    expect((await lossOf(pool.applyAsync(target('abort')).result)).details.signal).toBe('SIGABRT');
  });

  it('names the error that ended it', async () => {
    const pool = await started();
    const module = new URL('./fixtures/late.mjs', import.meta.url).href;
    const error = await lossOf(pool.applyAsync({ module, name: 'throwLater' }).result);
    expect(error.message).toContain('thrown from a timer');
  });

  it('says so when the heap was full', async () => {
    const pool = await started({ execArgv: ['--max-old-space-size=24'] });
    const module = new URL('./fixtures/late.mjs', import.meta.url).href;
    const error = await lossOf(pool.applyAsync({ module, name: 'fillHeap' }).result);
    expect(error.details.outOfMemory).toBe(true);
  });

  it('by something else written to its channel is a loss, and the pool goes on', async () => {
    const pool = await started();
    await lossOf(pool.applyAsync(target('scribble')).result);
    expect(await pool.applyAsync(target('add'), [1, 2]).result).toBe(3);
  });

  it('is none when it leaves cleanly without a job', async () => {
    const pool = await started();
    const lost: unknown[] = [];
    pool.on('childLost', (event) => lost.push(event));
    const module = new URL('./fixtures/late.mjs', import.meta.url).href;
    const left = new Promise((resolve) => pool.once('childRecycled', resolve));
    await pool.applyAsync({ module, name: 'exitSoon' }).result;
    expect(await left).toMatchObject({ reason: 'exit' });
    expect(lost).toEqual([]);
  });
});

describe('jobs that a lost child was sent ahead', () => {
  it('run elsewhere, each once, and only the one that ran is lost', async () => {
    const path = `${newFolder()}/ran`;
    const pool = await started({ scheduling: 'fast', depth: 8 });
    await pool.applyAsync(target('note'), [path, 'first']).result;
    const killer = pool.applyAsync(target('kill'), ['SIGKILL']);
    const held = [1, 2, 3, 4, 5].map((i) => pool.applyAsync(target('note'), [path, `${i}`]));
    await lossOf(killer.result);
    expect(await Promise.all(held.map((job) => job.result))).toEqual(['1', '2', '3', '4', '5']);
    expect(linesOf(path)).toEqual(['first', '1', '2', '3', '4', '5']);
  });

  it('are known exactly even when all of them were quick and the last hangs', async () => {
    const path = `${newFolder()}/ran`;
    const pool = await started({ output: 'ignore' });
    const run = (line: string, ms = 0, options = {}) =>
      pool.applyAsync<string>(target('noteAndMaybeSpin'), [path, line, ms], {}, options);
    for (let i = 0; i < 200; i++) await run('warm').result;
    const before = linesOf(path).length;
    const jobs = Array.from({ length: 12 }, (_, i) => run(`${i}`, i === 5 ? 60_000 : 0, { timeout: 1 }));
    const results = await Promise.allSettled(jobs.map((job) => job.result));
    expect((results[5] as PromiseRejectedResult).reason).toBeInstanceOf(TimeLimitExceeded);
    results.forEach((result, i) => {
      if (i === 5) return;
      if (result.status === 'fulfilled') expect(result.value).toBe(`${i}`);
      // It ended in the same breath as the one that hangs, and the child was killed with its result.
      else expect((result.reason as WorkerLostError).details.phase).toBe('finished');
      if (i > 5) expect(result.status).toBe('fulfilled');
    });
    const ran = linesOf(path).slice(before);
    expect([...ran].sort((a, b) => Number(a) - Number(b))).toEqual(jobs.map((_, i) => `${i}`));
  });
});

it('what a job started ends with it at the hard limit', async () => {
  const pool = await started();
  let grandchild = 0;
  const job = pool.applyAsync(
    target('grandchild'),
    [],
    {},
    {
      timeout: 0.5,
      messageCallback: (pid) => {
        grandchild = pid as number;
      },
    },
  );
  await expect(job.result).rejects.toBeInstanceOf(TimeLimitExceeded);
  expect(grandchild).toBeGreaterThan(0);
  await until(() => !isAlive(grandchild), 'the grandchild is gone');
});
