import {
  type Child,
  type ChildListener,
  ChildPool,
  type PoolCapabilities,
  WorkerLostError,
} from '@pool/core';
import { ChildRunner } from '@pool/core/child';
import { describe, expect, it } from 'vitest';
import { quiet } from './fake-pool.js';

const module = new URL('./fixtures/targets.mjs', import.meta.url).href;

/** Children that live in this process: what it takes to write a pool of children. */
class LoopbackPool extends ChildPool {
  override readonly capabilities: PoolCapabilities = {
    functions: false,
    parallel: false,
    hardKill: false,
    terminateJob: true,
    softLimit: 'signal',
    isolatedMemory: false,
    isolatedCrashes: false,
    resize: true,
    restart: true,
    recycle: true,
  };
  readonly kills: string[] = [];
  static #pids = 100;

  protected override spawnChild(_spec: unknown, listener: ChildListener): Child {
    const pid = LoopbackPool.#pids++;
    let alive = true;
    let toPool: unknown[] = [];
    let toChild: unknown[] = [];
    const end = (exitCode: number | null, signal: string | null): void => {
      if (!alive) return;
      alive = false;
      queueMicrotask(() => listener.onExit({ exitCode, signal }));
    };
    const runner = new ChildRunner(
      {
        write: (...message) => void toPool.push(...message),
        flush: () => {
          const batch = structuredClone(toPool);
          toPool = [];
          queueMicrotask(() => alive && listener.onMessages(batch));
        },
      },
      { pid, exit: (code) => end(code, null) },
    );
    return {
      pid,
      congested: false,
      write: (...message) => void toChild.push(...message),
      flush: () => {
        const batch = structuredClone(toChild);
        toChild = [];
        queueMicrotask(() => alive && runner.receive(batch));
      },
      kill: (signal) => {
        this.kills.push(signal);
        end(null, signal);
      },
    };
  }
}

async function started(options = {}): Promise<LoopbackPool> {
  const pool = new LoopbackPool({ limit: 2, logger: quiet, ...options });
  await pool.start();
  return pool;
}

describe('a pool of children of one’s own', () => {
  it('runs jobs, quick ones in advance, each once and in order', async () => {
    const pool = await started();
    const jobs = Array.from({ length: 3000 }, (_, i) =>
      pool.applyAsync<number>({ module, name: 'add' }, [i, 1]),
    );
    expect(await Promise.all(jobs.map((job) => job.result))).toEqual(jobs.map((_, i) => i + 1));
    expect(pool.info).toMatchObject({ processes: [expect.any(Number), expect.any(Number)] });
    await pool.stop();
  });

  it('tells failures, losses and ends', async () => {
    const pool = await started({ limit: 1 });
    await expect(pool.applyAsync({ module, name: 'fail' }).result).rejects.toThrow('on purpose');
    const stuck = pool.applyAsync({ module, name: 'never' });
    const next = pool.applyAsync<number>({ module, name: 'add' }, [1, 1]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(stuck.state).toBe('accepted');
    expect(await stuck.terminate('SIGKILL')).toBe(true);
    await expect(stuck.result).rejects.toThrow('SIGKILL');
    expect(await next.result).toBe(2);
    await pool.stop();
  });

  it('replaces, resizes and restarts', async () => {
    const pool = await started({ maxTasksPerChild: 5 });
    const seen = new Set<number>();
    const run = async (n: number): Promise<void> => {
      const jobs = Array.from({ length: n }, () =>
        pool.applyAsync({ module, name: 'add' }, [1, 1], {}, { acceptCallback: (pid) => seen.add(pid) }),
      );
      await Promise.all(jobs.map((job) => job.result));
    };
    await run(20);
    expect(seen.size).toBeGreaterThanOrEqual(4);
    await pool.grow(2);
    expect([pool.numProcesses, (pool.info['processes'] as number[]).length]).toEqual([4, 4]);
    await pool.shrink(3);
    const before = pool.info['processes'];
    await pool.restart();
    expect(pool.info['processes']).not.toEqual(before);
    await run(3);
    await pool.stop();
  });

  it('names the loss of a child that takes jobs along', async () => {
    const pool = await started({ limit: 1 });
    const job = pool.applyAsync({ module, name: 'never' }, [], {}, { timeout: 0.05 });
    await expect(job.result).rejects.toMatchObject({ code: 'ERR_POOL_TIME_LIMIT_EXCEEDED' });
    expect(pool.kills).toContain('SIGTERM');
    expect(WorkerLostError.isInstance(await job.result.catch((error: unknown) => error))).toBe(false);
    await pool.terminate();
  });
});
