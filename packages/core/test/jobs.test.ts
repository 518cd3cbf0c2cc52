import { SoftTimeLimitExceeded, TimeLimitExceeded } from '@pool/core';
import { describe, expect, it } from 'vitest';
import { running } from './fake-pool.js';

const noop = (): void => {};

function recorded(): { calls: unknown[][]; options: Record<string, (...args: unknown[]) => void> } {
  const calls: unknown[][] = [];
  const names = ['acceptCallback', 'timeoutCallback', 'callback', 'errorCallback', 'messageCallback'];
  const options = Object.fromEntries(
    names.map((name) => [name, (...args: unknown[]) => void calls.push([name, ...args])]),
  );
  return { calls, options };
}

describe('a job', () => {
  it('is accepted once and ends once, whatever its pool says afterwards', async () => {
    const pool = await running();
    const { calls, options } = recorded();
    const job = pool.applyAsync(noop, [], {}, options);
    expect(pool.accept(job)).toBe(true);
    expect(pool.accept(job)).toBe(true);
    pool.succeed(job, 'value');
    pool.succeed(job, 'another');
    pool.fail(job, new Error('late'));
    expect(pool.accept(job)).toBe(false);
    expect(calls).toEqual([
      ['acceptCallback', 42, 1000],
      ['callback', 'value'],
    ]);
    expect([job.state, job.pid, job.acceptedAt]).toEqual(['success', 42, 1000]);
    expect(await job.result).toBe('value');
    await pool.stop();
  });

  it('gives its failure to the error callback and to whoever asks for the result, now or later', async () => {
    const pool = await running();
    const { calls, options } = recorded();
    const job = pool.applyAsync(noop, [], {}, options);
    pool.fail(job, new RangeError('no'));
    expect(calls).toHaveLength(1);
    expect(calls[0]?.[1]).toMatchObject({ type: 'RangeError', message: 'no' });
    await expect(job.result).rejects.toThrow('no');
    await pool.stop();
  });

  it('hears of its soft limit, then of its hard one', async () => {
    const pool = await running();
    const { calls, options } = recorded();
    const job = pool.applyAsync(noop, [], {}, { ...options, softTimeout: 0.02, timeout: 0.04 });
    const { signal, result } = job;
    pool.acceptNow(job);
    await expect(result).rejects.toBeInstanceOf(TimeLimitExceeded);
    expect(signal.reason).toBeInstanceOf(SoftTimeLimitExceeded);
    expect(calls.slice(1)).toEqual([
      ['timeoutCallback', true, 0.02],
      ['timeoutCallback', false, 0.04],
    ]);
    expect(job.state).toBe('timeout');
    expect(pool.calls).toEqual(['start', 'soft', 'hard']);
    await pool.stop();
  });

  it('has the limits of its pool if it brings none, and no soft one that could not come first', async () => {
    const pool = await running({ timeout: 5, softTimeout: 2 });
    const plain = pool.applyAsync(noop);
    const late = pool.applyAsync(noop, [], {}, { timeout: 1, softTimeout: 3 });
    expect([plain.timeout, plain.softTimeout, late.timeout, late.softTimeout]).toEqual([5, 2, 1, undefined]);
    await pool.terminate();
  });

  it('passes messages on while it runs', async () => {
    const pool = await running();
    const { calls, options } = recorded();
    const job = pool.applyAsync(noop, [], {}, options);
    job.postMessage('too early');
    pool.accept(job);
    job.postMessage({ done: 0.5 });
    pool.succeed(job, 1);
    job.postMessage('too late');
    expect(calls.filter(([name]) => name === 'messageCallback')).toEqual([
      ['messageCallback', { done: 0.5 }],
    ]);
    await pool.stop();
  });

  it('is ended by terminate(), with the signal asked for, and not twice', async () => {
    const pool = await running();
    const job = pool.applyAsync(noop);
    expect(await job.terminate('SIGKILL')).toBe(true);
    expect(await job.terminate()).toBe(false);
    expect(pool.calls).toEqual(['start', 'SIGKILL']);
    await pool.stop();
  });
});

describe('a callback that throws', () => {
  it('is logged, and the job goes its way', async () => {
    const logged: string[] = [];
    const logger = {
      debug() {},
      info() {},
      warn() {},
      error: (message: string) => void logged.push(message),
    };
    const pool = await running({ logger });
    const throws = (): never => {
      throw new Error('mine');
    };
    const job = pool.applyAsync(
      noop,
      [],
      {},
      { correlationId: 'the-id', acceptCallback: throws, callback: throws },
    );
    pool.accept(job);
    pool.succeed(job, 1);
    expect(await job.result).toBe(1);
    expect(logged).toEqual(['the acceptCallback of job the-id threw', 'the callback of job the-id threw']);
    await pool.stop();
  });

  it('goes through the pool if its error is one that may', async () => {
    class Through extends Error {}
    const pool = await running({ callbacksPropagate: [Through] });
    const job = pool.applyAsync(
      noop,
      [],
      {},
      {
        callback: () => {
          throw new Through();
        },
      },
    );
    expect(() => pool.succeed(job, 1)).toThrow(Through);
    expect(job.state).toBe('success');
    await pool.stop();
  });
});
