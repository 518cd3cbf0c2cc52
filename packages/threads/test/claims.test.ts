import type { Job } from '@pool/core';
import { expect, it } from 'vitest';
import { started, task } from './started-pool.js';

for (const scheduling of ['auto', 'fair'] as const)
  it(`${scheduling} takes quick jobs back from a thread in a busy loop`, async () => {
    const pool = await started({ limit: 2, scheduling });
    let handedIn = 0;
    const run = (ms: number, acceptCallback = () => {}) => {
      handedIn += 1;
      return pool.applyAsync(task('spinFor'), [ms], {}, { acceptCallback });
    };
    const quick = () => Promise.all(Array.from({ length: 200 }, () => run(0).result));
    const sent = () => (pool.info['writes'] as { total: number }).total;
    // Sent more often than there are jobs. On a busy machine they may have taken too long to be sent ahead: then once more.
    while (sent() <= handedIn) {
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

it('a quick job that cannot be carried fails alone', async () => {
  const pool = await started({ limit: 1 });
  const echo = (value: unknown) => pool.applyAsync(task('echo'), [value]).result;
  await Promise.all(Array.from({ length: 100 }, (_, i) => echo(i)));
  const values = Array.from({ length: 60 }, (_, i) => (i % 3 === 1 ? () => i : i % 3 === 2 ? BigInt(i) : i));
  const results = await Promise.allSettled(values.map(echo));
  for (const [i, result] of results.entries()) {
    if (i % 3 === 1) expect(result).toMatchObject({ reason: { code: 'ERR_POOL_NOT_TRANSFERABLE' } });
    else expect(result).toEqual({ status: 'fulfilled', value: values[i] });
  }
});

it('quick jobs that cannot be carried take no place from those that can', async () => {
  const pool = await started({ limit: 1, scheduling: 'fast' });
  const echo = (value: unknown) => pool.applyAsync(task('echo'), [value]).result;
  for (let i = 0; i < 20; i++) await Promise.all(Array.from({ length: 100 }, (_, n) => echo(n)));
  const long = pool.applyAsync(task('spinFor'), [300]).result;
  // More than there are places: the thread claims none of them meanwhile.
  const values = Array.from({ length: 200 }, (_, i) => (i < 4 ? i : () => i));
  const results = await Promise.allSettled(values.map(echo));
  expect(results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))).toEqual([
    0, 1, 2, 3,
  ]);
  await long;
  expect(await echo('next')).toBe('next');
});
