import { describe, expect, it } from 'vitest';
import { apply, started, task } from './started-pool.js';

describe('jobs on several threads', () => {
  it('run at the same time even if they never await', async () => {
    const pool = await started({ limit: 3 });
    const shared = new SharedArrayBuffer(4);
    const jobs = Array.from({ length: 3 }, () => apply(pool, 'meet', [shared, 3]));
    expect(await Promise.all(jobs.map((job) => job.result))).toEqual([true, true, true]);
  });

  it('all come back when there are many, each once', async () => {
    const pool = await started({ limit: 2 });
    const values: unknown[] = [];
    const count = 20_000;
    await new Promise<void>((resolve) => {
      for (let n = 0; n < count; n++) {
        pool.applyAsync(
          task('add'),
          [n, 0],
          {},
          {
            callback: (value) => {
              values.push(value);
              if (values.length === count) resolve();
            },
          },
        );
      }
    });
    expect(new Set(values).size).toBe(count);
    expect(pool.unfinished).toBe(0);
  });

  it('get the command line and limits that were asked for', async () => {
    const pool = await started({ argv: ['--flag'], env: { ONLY: 'this' } });
    expect(await apply(pool, 'argv').result).toEqual(['--flag']);
    expect(await apply(pool, 'environment', ['ONLY']).result).toBe('this');
    expect(await apply(pool, 'environment', ['PATH']).result).toBeUndefined();
    await expect(started({ argv: 'x' as never })).rejects.toThrow('argv must be an array of strings');
    await expect(started({ resourceLimits: 5 as never })).rejects.toThrow(TypeError);
  });
});
