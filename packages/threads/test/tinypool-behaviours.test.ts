/**
 * What a pool on tinypool must not inherit from it, measured on tinypool 2.2.0. That its threads die with their process is
 * tested by the conformance suite.
 */
import { type ExceptionInfo, Terminated, TimeLimitExceeded, WorkerLostError } from '@pool/core';
import { describe, expect, it } from 'vitest';
import { apply, running, started, task } from './started-pool.js';

describe('where tinypool would hang, kill or forget, the threads pool', () => {
  it('fails a job that calls process.exit, runs the next, and ends', async () => {
    const pool = await started();
    const error = await apply(pool, 'exit', [3]).result.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(WorkerLostError);
    expect((error as WorkerLostError).details).toMatchObject({ exitCode: 3, phase: 'running' });
    expect(await apply(pool, 'add', [2, 3]).result).toBe(5);
    await apply(pool, 'exit', [0]).result.catch(() => {});
    await pool.stop();
  });

  it('runs the jobs that wait behind one that is ended', async () => {
    const pool = await started();
    const job = await running(pool, 'loop');
    const waiting = [1, 2, 3].map((n) => apply(pool, 'add', [n, n]));
    await job.terminate();
    expect(await Promise.all(waiting.map((next) => next.result))).toEqual([2, 4, 6]);
  });

  it('ends a job that was sent to a thread and has not started, and only that', async () => {
    const pool = await started({ scheduling: 'fast', depth: 8 });
    const first = await running(pool, 'untilAborted');
    const jobs = [1, 2, 3].map((n) => apply(pool, 'add', [n, n]));
    await jobs[1]?.terminate();
    await expect(jobs[1]?.result).rejects.toThrow(Terminated);
    await first.terminate();
    expect(await Promise.all([jobs[0]?.result, jobs[2]?.result])).toEqual([2, 6]);
  });

  it('lets every job be ended without giving each a thread of its own', async () => {
    const pool = await started();
    const threads = await Promise.all(
      Array.from({ length: 200 }, () => apply(pool, 'thread').result) as Promise<number>[],
    );
    expect(new Set(threads).size).toBe(1);
    expect(pool.capabilities.terminateJob).toBe(true);
  });

  it('gives its threads the environment of the process', async () => {
    process.env['POOL_THREADS_TEST'] = 'inherited';
    try {
      const pool = await started();
      expect(await apply(pool, 'environment', ['POOL_THREADS_TEST']).result).toBe('inherited');
    } finally {
      delete process.env['POOL_THREADS_TEST'];
    }
  });

  it('tells its threads what they are before they are ready', async () => {
    const pool = await started({ initializer: task('initialize') });
    expect(await apply(pool, 'countInitialized').result).toBe(1);
  });

  it('keeps the class name, the cause and the stack of what a job throws', async () => {
    const pool = await started();
    const info = await new Promise<ExceptionInfo>((resolve) => {
      apply(pool, 'fail', [], { errorCallback: resolve });
    });
    expect(info).toMatchObject({ type: 'TaskError', message: 'outer' });
    expect(info.cause).toMatchObject({ type: 'RangeError', message: 'inner' });
    expect(info.stack).toMatch(/tasks\.mjs/);
  });

  it('lets the event loop of a thread turn while it waits for jobs', async () => {
    const pool = await started();
    await apply(pool, 'startTicking').result;
    await expect.poll(() => apply(pool, 'countTicks').result, { interval: 50 }).toBeGreaterThan(20);
  });

  it('lets the event loop of a thread turn while one job follows another', async () => {
    const pool = await started();
    await apply(pool, 'startTicking').result;
    const deadline = performance.now() + 30_000;
    let ticks: unknown = 0;
    while ((ticks as number) < 20 && performance.now() < deadline)
      ticks = await apply(pool, 'countTicks').result;
    expect(ticks).toBeGreaterThanOrEqual(20);
  });

  it('takes what a task says to the parent of its thread for a message of its job', async () => {
    const pool = await started();
    const messages: unknown[] = [];
    const job = apply(pool, 'postToParent', [{ progress: 1 }], { messageCallback: (m) => messages.push(m) });
    expect(await job.result).toBe('posted');
    expect(messages).toEqual([{ progress: 1 }]);
  });

  it('counts the bytes outside the heap as memory of the thread', async () => {
    const pool = await started({ maxMemoryPerChild: 100 * 1024 });
    const reason = new Promise((resolve) => pool.once('childRecycled', (child) => resolve(child.reason)));
    const before = await apply(pool, 'thread').result;
    await apply(pool, 'keepBytes', [200]).result;
    expect(await reason).toBe('memory');
    expect(await apply(pool, 'thread').result).not.toBe(before);
  });

  it('delivers the result before it replaces the thread, and does not wait for its hook', async () => {
    const pool = await started({
      maxTasksPerChild: 1,
      shutdown: task('slowShutdown'),
      stopTimeout: 0.05,
    });
    expect(await apply(pool, 'add', [1, 1]).result).toBe(2);
    expect(await apply(pool, 'add', [2, 2]).result).toBe(4);
    await pool.stop();
  });

  it('does not make a failure of a success when the hook fails', async () => {
    const pool = await started({ maxTasksPerChild: 1, shutdown: task('failingShutdown') });
    const values = [1, 2, 3].map((n) => apply(pool, 'add', [n, n]).result);
    expect(await Promise.all(values)).toEqual([2, 4, 6]);
    await pool.stop();
  });

  it('tells a thread that ran out of memory from others that were lost', async () => {
    const pool = await started({ limit: 2, resourceLimits: { maxOldGenerationSizeMb: 32 } });
    const neighbour = await running(pool, 'untilAborted');
    const error = await apply(pool, 'fillHeap').result.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(WorkerLostError);
    expect((error as WorkerLostError).details).toMatchObject({ outOfMemory: true, phase: 'running' });
    expect(neighbour.state).toBe('accepted');
    expect(await apply(pool, 'add', [2, 3]).result).toBe(5);
  });

  it('loses only the thread in which something is thrown late, and says what', async () => {
    const pool = await started({ limit: 2 });
    const neighbour = await running(pool, 'untilAborted');
    const error = await apply(pool, 'throwLater').result.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(WorkerLostError);
    expect((error as Error).message).toMatch(/exit code 1 .*: Error: thrown late/);
    expect((error as Error).cause).toMatchObject({ message: 'thrown late' });
    expect(neighbour.state).toBe('accepted');
    expect(await apply(pool, 'add', [2, 3]).result).toBe(5);
  });

  it('runs the next job after one that threw when it had returned', async () => {
    const pool = await started();
    const lost = new Promise((resolve) => pool.once('childLost', resolve));
    expect(await apply(pool, 'throwAfterReturn').result).toBeUndefined();
    await lost;
    expect(await apply(pool, 'add', [2, 3]).result).toBe(5);
  });

  it('stops a busy loop at its hard limit and runs the next job', async () => {
    const pool = await started();
    const job = apply(pool, 'loop', [], { timeout: 0.1 });
    await expect(job.result).rejects.toThrow(TimeLimitExceeded);
    expect(await apply(pool, 'add', [2, 3]).result).toBe(5);
  });

  it('has an id for each thread, also after it grew and replaced some', async () => {
    const pool = await started({ maxTasksPerChild: 1 });
    await pool.grow(2);
    const threads = await Promise.all(
      Array.from({ length: 9 }, () => apply(pool, 'thread').result) as Promise<number>[],
    );
    expect(threads.every((id) => Number.isInteger(id) && id > 0)).toBe(true);
    expect(new Set(threads).size).toBe(9);
    await pool.shrink(2);
    expect(pool.info['max-concurrency']).toBe(1);
    expect(await apply(pool, 'add', [2, 3]).result).toBe(5);
  });
});
