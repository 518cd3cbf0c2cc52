import { type Job, WorkerLostError } from '@pool/core';
import { describe, expect, it } from 'vitest';
import { gate, started } from './started-pool.js';

describe('process.exit in a job of a green pool', () => {
  it.each([
    ['at once', () => process.exit(3)],
    [
      'after an await',
      async () => {
        await null;
        process.exit(3);
      },
    ],
    [
      'after a timer it awaits, in a function it calls',
      async () => {
        const inner = async (): Promise<void> => {
          await new Promise((resolve) => setTimeout(resolve, 1));
          process.exit(3);
        };
        await Promise.all([inner(), 1]);
      },
    ],
  ])('fails the job %s', async (_, target) => {
    const pool = await started();
    const error = await pool.applyAsync(target).result.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(WorkerLostError);
    expect((error as WorkerLostError).details).toMatchObject({ exitCode: 3, phase: 'running' });
  });

  it('fails the one of many that called it, all running the same function', async () => {
    const pool = await started({ limit: 50 });
    const end = gate();
    const target = async (n: number): Promise<number> => {
      await end.promise;
      if (n === 23) process.exit(1);
      await null;
      return n;
    };
    const jobs: Job<number>[] = Array.from({ length: 50 }, (_, n) => pool.applyAsync(target, [n]));
    end.open();
    const results = await Promise.allSettled(jobs.map((job) => job.result));
    expect(results.flatMap(({ status }, n) => (status === 'rejected' ? [n] : []))).toEqual([23]);
  });

  it('is no affair of the pool when the worker calls it, even from a callback', async () => {
    const { exit } = process;
    const codes: unknown[] = [];
    process.exit = ((code: unknown) => codes.push(code)) as never;
    try {
      const pool = await started();
      const running = gate();
      const other = pool.applyAsync(() => running.promise);
      await pool.applyAsync(async () => {}, [], {}, { callback: () => process.exit(7) }).result;
      await pool.applyAsync(() => {}, [], {}, { acceptCallback: () => process.exit(8) }).result;
      process.exit(9);
      expect(codes).toEqual([7, 8, 9]);
      running.open();
      await other.result;
      await pool.stop();
    } finally {
      process.exit = exit;
    }
  });
});
