import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { currentJob, WorkerLostError } from '@pool/core';
import { describe, expect, it } from 'vitest';
import { gate, Log, started } from './started-pool.js';

describe('the asynchronous context of a green pool', () => {
  it('knows the current job after an await and in a timer, if told to follow it', async () => {
    const pool = await started({ asyncContext: true });
    const target = async (): Promise<unknown[]> => {
      const seen = [currentJob()?.correlationId];
      await setTimeout(1);
      seen.push(currentJob()?.correlationId);
      return seen;
    };
    const jobs = ['a', 'b'].map((correlationId) => pool.applyAsync(target, [], {}, { correlationId }));
    expect(await Promise.all(jobs.map((job) => job.result))).toEqual([
      ['a', 'a'],
      ['b', 'b'],
    ]);
    expect(currentJob()).toBeUndefined();
  });

  it('makes process.exit in a timer the end of the job, if told to follow it', async () => {
    const pool = await started({ asyncContext: true });
    const job = pool.applyAsync(() => new Promise(() => globalThis.setTimeout(() => process.exit(4), 1)));
    await expect(job.result).rejects.toThrow(WorkerLostError);
  });

  it('logs what a job throws after it has ended, if told to follow it', async () => {
    const log = new Log();
    const pool = await started({ asyncContext: true, logger: log });
    pool.applyAsync(
      () => {
        globalThis.setImmediate(() => {
          throw new Error('late');
        });
      },
      [],
      {},
      { correlationId: 'abc' },
    );
    expect(await log.line(/late/)).toBe('job abc threw after it had ended: Error: late');
  });

  it('does not pass the context of who handed in one job to the next', async () => {
    const storage = new AsyncLocalStorage<string>();
    const pool = await started({ limit: 1 });
    const end = gate();
    const first = storage.run('mine', () => pool.applyAsync(() => end.promise));
    await setImmediate();
    const second = pool.applyAsync(() => storage.getStore());
    end.open();
    await first.result;
    expect(await second.result).toBeUndefined();
  });
});
