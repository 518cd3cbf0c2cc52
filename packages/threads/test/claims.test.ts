import type { Job } from '@pool/core';
import { expect, it } from 'vitest';
import { started, task } from './started-pool.js';

for (const scheduling of ['auto', 'fair'] as const)
  it(`${scheduling} takes quick jobs back from a thread in a busy loop`, async () => {
    const pool = await started({ limit: 2, scheduling });
    const run = (ms: number) => pool.applyAsync<number>(task('spinFor'), [ms]);
    const quick = (count: number) => Array.from({ length: count }, () => run(0));
    await Promise.all(quick(200).map((job) => job.result));
    // The same kind, so nothing tells it apart before it runs.
    let stuck: Job | undefined;
    const accepted = new Promise((acceptCallback) => {
      stuck = pool.applyAsync(task('spinFor'), [1e9], {}, { acceptCallback });
    });
    expect(await accepted).toBe(stuck?.pid);
    await Promise.all(quick(200).map((job) => job.result));
    // Sent more often than there are jobs.
    expect((pool.info['writes'] as { total: number }).total).toBeGreaterThan(401);
    expect(await stuck?.terminate('SIGKILL')).toBe(true);
    await expect(stuck?.result).rejects.toThrow('SIGKILL');
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
