import {
  currentJob,
  type Job,
  PoolClosedError,
  SoftTimeLimitExceeded,
  Terminated,
  TimeLimitExceeded,
  WorkerLostError,
  WorkerShutdown,
} from '@pool/core';
import { SoloPool } from '@pool/solo';
import { afterEach, describe, expect, it } from 'vitest';

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const pools: SoloPool[] = [];

async function started(options = {}): Promise<SoloPool> {
  const pool = new SoloPool({ logger: quiet, ...options });
  pools.push(pool);
  await pool.start();
  return pool;
}

afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.terminate();
});

const never = (): Promise<never> => new Promise(() => {});

describe('solo', () => {
  it('has ended a synchronous job when applyAsync returns', async () => {
    const pool = await started();
    const seen: unknown[] = [];
    const job = pool.applyAsync((x: number, y: number) => x + y, [2, 3], undefined, {
      acceptCallback: (pid) => seen.push(['accept', pid]),
      callback: (value) => seen.push(['success', value]),
    });
    expect(job.state).toBe('success');
    expect(seen).toEqual([
      ['accept', process.pid],
      ['success', 5],
    ]);
    expect(await job.result).toBe(5);
  });

  it('runs jobs handed in while one runs in the order they came', async () => {
    const pool = await started();
    const order: string[] = [];
    let go: (value: string) => void = () => {};
    const wait = (): Promise<string> =>
      new Promise((resolve) => {
        go = resolve;
      });
    pool.applyAsync(wait, [], {}, { callback: (value) => order.push(value) });
    const rest = ['b', 'c', 'd'].map((name) => pool.applyAsync(() => order.push(name)));
    expect(rest.map((job) => job.state)).toEqual(['pending', 'pending', 'pending']);
    go('a');
    await Promise.all(rest.map((job) => job.result));
    expect(order).toEqual(['a', 'b', 'c', 'd']);
  });

  it('runs a job that a running job hands in after it, not inside it', async () => {
    const pool = await started();
    const order: string[] = [];
    let inner: Job<number> | undefined;
    pool.applyAsync(() => {
      inner = pool.applyAsync(() => order.push('inner'));
      order.push('outer');
    });
    await inner?.result;
    expect(order).toEqual(['outer', 'inner']);
  });

  it('takes another limit as 1 and says so', async () => {
    const warnings: string[] = [];
    const pool = new SoloPool({ limit: 4, logger: { ...quiet, warn: (text) => warnings.push(text) } });
    expect(pool.limit).toBe(1);
    expect(warnings).toEqual(['SoloPool runs one job at a time: the limit of 4 is taken as 1']);
    expect(() => new SoloPool({ limit: 0 })).toThrow(TypeError);
  });

  it('aborts the signal of a terminated job, ends it as Terminated and goes on with the next', async () => {
    const pool = await started();
    let reason: unknown;
    const job = pool.applyAsync(() => {
      const { signal } = currentJob() as Job;
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          reason = signal.reason;
          reject(signal.reason);
        });
      });
    });
    const next = pool.applyAsync(() => 'next');
    expect(await job.terminate()).toBe(true);
    await expect(job.result).rejects.toThrow(Terminated);
    expect(reason).toBeInstanceOf(Terminated);
    expect(await next.result).toBe('next');
    expect(await job.terminate()).toBe(false);
  });

  it('ends a waiting job that is terminated or discarded without running it', async () => {
    const pool = await started();
    const ran: string[] = [];
    const running = pool.applyAsync(never);
    const terminated = pool.applyAsync(() => ran.push('terminated'));
    const discarded = pool.applyAsync(() => ran.push('discarded'));
    await terminated.terminate();
    await expect(terminated.result).rejects.toThrow(Terminated);
    const rejected = expect(discarded.result).rejects.toThrow(/flushed/);
    await pool.flush();
    await rejected;
    expect(running.state).toBe('accepted');
    await running.terminate();
    expect(await pool.applyAsync(() => 'last').result).toBe('last');
    expect(ran).toEqual([]);
  });

  it('interrupts synchronous code at the soft limit', async () => {
    const pool = await started();
    const seen: unknown[] = [];
    const job = pool.applyAsync(
      () => {
        for (;;);
      },
      [],
      {},
      { softTimeout: 0.05, timeoutCallback: (soft, seconds) => seen.push(soft, seconds) },
    );
    await expect(job.result).rejects.toThrow(SoftTimeLimitExceeded);
    expect(seen).toEqual([true, 0.05]);
  });

  it('interrupts synchronous code at the hard limit when there is no soft one', async () => {
    const pool = await started();
    const seen: unknown[] = [];
    const job = pool.applyAsync(
      () => {
        for (;;);
      },
      [],
      {},
      { timeout: 0.05, timeoutCallback: (soft, seconds) => seen.push(soft, seconds) },
    );
    expect(job.state).toBe('timeout');
    await expect(job.result).rejects.toThrow(TimeLimitExceeded);
    expect(seen).toEqual([false, 0.05]);
  });

  it('frees the slot at the hard limit of asynchronous code and says that the code may go on', async () => {
    const warnings: string[] = [];
    const pool = await started({ logger: { ...quiet, warn: (text: string) => warnings.push(text) } });
    const job = pool.applyAsync(never, [], {}, { timeout: 0.02, correlationId: 'abc' });
    const next = pool.applyAsync(() => 'next');
    await expect(job.result).rejects.toThrow(TimeLimitExceeded);
    expect(await next.result).toBe('next');
    expect(warnings).toEqual([
      'job abc exceeded its time limit of 0.02 s: its slot is free, its code may go on until it heeds its signal',
    ]);
  });

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
        await inner();
      },
    ],
    [
      'and catches what that throws',
      async () => {
        await null;
        try {
          process.exit(3);
        } catch {}
        await never();
      },
    ],
  ])('survives a job that calls process.exit %s', async (_, target) => {
    const pool = await started();
    const error = await pool.applyAsync(target).result.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(WorkerLostError);
    expect((error as WorkerLostError).details).toMatchObject({ exitCode: 3, phase: 'running' });
    expect(await pool.applyAsync(() => 'next').result).toBe('next');
  });

  it('leaves process.exit as it was, once it has ended', async () => {
    const before = process.exit;
    const pool = await started();
    expect(process.exit).not.toBe(before);
    await pool.stop();
    expect(process.exit).toBe(before);
  });

  it('lets a request to stop the worker through to the caller of applyAsync', async () => {
    const pool = await started();
    const failures: string[] = [];
    const options = { errorCallback: (info: { type: string }) => failures.push(info.type) };
    const shutdown = (): never => {
      throw new WorkerShutdown(0);
    };
    expect(() => pool.applyAsync(shutdown, [], {}, options)).toThrow(WorkerShutdown);
    expect(failures).toEqual(['WorkerShutdown']);
    expect(await pool.applyAsync(() => 'next').result).toBe('next');
  });

  it('waits on stop for what was handed in, and accepts nothing after', async () => {
    const pool = await started();
    const values: number[] = [];
    for (const n of [1, 2, 3]) pool.applyAsync(async () => values.push(n));
    await pool.stop();
    expect(values).toEqual([1, 2, 3]);
    expect(() => pool.applyAsync(() => 1)).toThrow(PoolClosedError);
  });

  it('tells its state under the keys of Celery', async () => {
    const pool = await started();
    expect(pool.info).toEqual({
      implementation: 'SoloPool',
      'max-concurrency': 1,
      processes: [process.pid],
      'max-tasks-per-child': null,
      'put-guarded-by-semaphore': true,
      timeouts: [],
    });
  });
});
