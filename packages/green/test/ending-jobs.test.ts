import {
  currentJob,
  JobDiscardedError,
  SoftTimeLimitExceeded,
  Terminated,
  TimeLimitExceeded,
} from '@pool/core';
import { describe, expect, it } from 'vitest';
import { gate, Log, never, nextTurn, started } from './started-pool.js';

describe('ending a job of a green pool', () => {
  it('aborts its signal, discards its result and frees its slot', async () => {
    const pool = await started({ limit: 1 });
    const end = gate();
    let reason: unknown;
    const values: unknown[] = [];
    const job = pool.applyAsync(
      async () => {
        const signal = currentJob()?.signal;
        await end.promise;
        reason = signal?.reason;
        return 'too late';
      },
      [],
      {},
      { callback: (value) => values.push(value) },
    );
    const next = pool.applyAsync(() => 'next');
    await expect.poll(() => job.state).toBe('accepted');
    expect(await job.terminate()).toBe(true);
    await expect(job.result).rejects.toThrow(Terminated);
    expect(await next.result).toBe('next');
    end.open();
    await expect.poll(() => reason).toBeInstanceOf(Terminated);
    expect(job.state).toBe('failure');
    expect(values).toEqual([]);
  });

  it('ends one that waits without running it or leaving its result pending', async () => {
    const pool = await started({ limit: 1 });
    const running = pool.applyAsync(never);
    const ran: string[] = [];
    const terminated = pool.applyAsync(() => ran.push('terminated'));
    const flushed = pool.applyAsync(() => ran.push('flushed'));
    await expect.poll(() => running.state).toBe('accepted');
    await terminated.terminate();
    const discarded = expect(flushed.result).rejects.toThrow(JobDiscardedError);
    await pool.flush();
    await expect(terminated.result).rejects.toThrow(Terminated);
    await discarded;
    expect(ran).toEqual([]);
    expect(pool.unfinished).toBe(1);
  });

  it('aborts the signal at the soft limit, counted from acceptance', async () => {
    const pool = await started({ limit: 1 });
    const end = gate();
    pool.applyAsync(() => end.promise);
    const seen: unknown[] = [];
    const job = pool.applyAsync(
      () =>
        new Promise((_, reject) => {
          const signal = currentJob()?.signal;
          signal?.addEventListener('abort', () => reject(signal.reason));
        }),
      [],
      {},
      { softTimeout: 0.03, timeoutCallback: (soft, seconds) => seen.push(soft, seconds) },
    );
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(job.state).toBe('pending');
    end.open();
    await expect(job.result).rejects.toThrow(SoftTimeLimitExceeded);
    expect(seen).toEqual([true, 0.03]);
  });

  it('frees the slot at the hard limit and says that the code may go on', async () => {
    const log = new Log();
    const pool = await started({ limit: 1, logger: log });
    const job = pool.applyAsync(never, [], {}, { timeout: 0.02, correlationId: 'abc' });
    const next = pool.applyAsync(() => 'next');
    await expect(job.result).rejects.toThrow(TimeLimitExceeded);
    expect(await next.result).toBe('next');
    expect(log.lines).toEqual([
      'job abc exceeded its time limit of 0.02 s: its slot is free, its code may go on until it heeds its signal',
    ]);
  });

  it('interrupts synchronous code at its limit only if told to', async () => {
    const patient = await started();
    expect(patient.capabilities.softLimit).toBe('signal');
    const pool = await started({ interrupt: true });
    expect(pool.capabilities.softLimit).toBe('interrupt');
    const loop = (): never => {
      for (;;);
    };
    await expect(pool.applyAsync(loop, [], {}, { timeout: 0.03 }).result).rejects.toThrow(TimeLimitExceeded);
    expect(await pool.applyAsync(() => 'next').result).toBe('next');
  });

  it('keeps the bound when many are ended at once', async () => {
    const pool = await started({ limit: 10 });
    const jobs = Array.from({ length: 10 }, () => pool.applyAsync(never));
    await expect.poll(() => jobs.every((job) => job.state === 'accepted')).toBe(true);
    let running = 0;
    let most = 0;
    const end = gate();
    const rest = Array.from({ length: 30 }, () =>
      pool.applyAsync(async () => {
        running += 1;
        most = Math.max(most, running);
        await end.promise;
        running -= 1;
      }),
    );
    await Promise.all(jobs.map((job) => job.terminate()));
    await expect.poll(() => running).toBe(10);
    end.open();
    await Promise.all(rest.map((job) => job.result));
    expect(most).toBe(10);
  });

  it('lets stop wait for what runs and what waits', async () => {
    const pool = await started({ limit: 2 });
    const end = gate();
    const values: number[] = [];
    for (let n = 0; n < 6; n++)
      pool.applyAsync(async () => {
        await end.promise;
        values.push(n);
      });
    await nextTurn();
    const stopped = pool.stop();
    end.open();
    await stopped;
    expect(values).toEqual([0, 1, 2, 3, 4, 5]);
    expect(pool.unfinished).toBe(0);
  });

  it('lets terminate end what runs and what waits', async () => {
    const pool = await started({ limit: 2 });
    const jobs = Array.from({ length: 5 }, () => pool.applyAsync(never));
    await nextTurn();
    const ends = jobs.map((job) => expect(job.result).rejects.toThrow(Terminated));
    await pool.terminate();
    await Promise.all(ends);
  });
});
