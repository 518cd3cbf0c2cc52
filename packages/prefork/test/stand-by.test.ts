import { JobDiscardedError, TimeLimitExceeded } from '@pool/core';
import { expect, it } from 'vitest';
import { started, target } from './support.js';

// After a few dozen quick jobs, a child that has ended one waits for the next without turning its event loop.
const MANY = 200;

it('a child whose pool has nothing more for it gets to its own timers', async () => {
  const pool = await started();
  for (let i = 0; i < MANY; i++) await pool.applyAsync(target('add'), [i, 1]).result;
  await pool.applyAsync(target('setTimer'), [5]).result;
  let fired = 0;
  while (fired === 0) fired = (await pool.applyAsync<number>(target('timersFired')).result) as number;
  expect(fired).toBe(1);
});

it('what the pool says while a child stands by arrives, whichever way it takes', async () => {
  const pool = await started({ limit: 2, scheduling: 'auto' });
  let wrong = 0;
  const long = 'x'.repeat(300_000);
  // One at a time, so that children stand by; now and then several, so that more is sent than they wait for.
  for (let round = 0; round < MANY; round++) {
    const jobs: Promise<void>[] = [];
    const check = (name: string, value: unknown): void => {
      const { result } = pool.applyAsync(target(name), [value, 0]);
      jobs.push(
        result.then(
          (got) => void (got === value || ++wrong),
          // Only what `flush` found waiting.
          (error: unknown) => void (error instanceof JobDiscardedError || ++wrong),
        ),
      );
    };
    for (let i = round % 7 === 0 ? 40 : 1; i > 0; i--) check('add', round);
    if (round % 11 === 0) check('echo', long);
    if (round % 13 === 0) await pool.flush();
    await Promise.all(jobs);
  }
  expect(wrong).toBe(0);
  const { result } = pool.applyAsync(target('spin'), [], undefined, { timeout: 0.2 });
  await expect(result).rejects.toMatchObject({ code: TimeLimitExceeded.code });
  await pool.restart();
  await pool.shrink(1);
  expect(await pool.applyAsync(target('add'), [1, 1]).result).toBe(2);
});

it('a child that stands by hears of signals and leaves with its pool', async () => {
  const pool = await started();
  await pool.applyAsync(target('handleSignal'), ['SIGUSR2']).result;
  for (let i = 0; i < MANY; i++) await pool.applyAsync(target('add'), [i, 1]).result;
  const pid = (await pool.applyAsync<number>(target('pid')).result) as number;
  process.kill(pid, 'SIGUSR2');
  let heard: unknown[] = [];
  while (heard.length === 0) heard = (await pool.applyAsync<string[]>(target('signals')).result) as string[];
  expect(heard).toEqual(['SIGUSR2']);
  await pool.stop();
});
