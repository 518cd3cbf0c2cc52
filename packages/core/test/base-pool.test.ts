import {
  CLOSE,
  INITIAL,
  JobDiscardedError,
  NotSupportedError,
  PoolClosedError,
  PoolStartError,
  RUN,
  TERMINATE,
  Terminated,
} from '@pool/core';
import { describe, expect, it } from 'vitest';
import { FakePool, running } from './fake-pool.js';

const noop = (): void => {};

describe('the life of a pool', () => {
  it('goes from INITIAL through RUN and CLOSE to TERMINATE', async () => {
    const pool = new FakePool();
    expect([pool.state, pool.active]).toEqual([INITIAL, false]);
    await pool.start();
    expect([pool.state, pool.active, pool.didStartOk()]).toEqual([RUN, true, true]);
    await pool.close();
    expect([pool.state, pool.active]).toEqual([CLOSE, false]);
    await pool.stop();
    expect(pool.state).toBe(TERMINATE);
    expect(pool.calls).toEqual(['start', 'close in CLOSE', 'stop in CLOSE']);
  });

  it('sets its state before close and terminate, as Celery does', async () => {
    const pool = await running();
    await pool.terminate();
    expect(pool.calls).toEqual(['start', 'terminate in TERMINATE']);
  });

  it('waits in stop() until what was handed in has ended', async () => {
    const pool = await running();
    const job = pool.applyAsync(noop);
    let stopped = false;
    const stop = pool.stop().then(() => {
      stopped = true;
    });
    await new Promise(setImmediate);
    expect(stopped).toBe(false);
    pool.succeed(job, 1);
    await stop;
    expect(pool.unfinished).toBe(0);
  });

  it('fails to start with what went wrong, and has ended then', async () => {
    const pool = new FakePool();
    pool.startError = new RangeError('no room');
    await expect(pool.start()).rejects.toBeInstanceOf(PoolStartError);
    expect(pool.state).toBe(TERMINATE);
    await expect(pool.start()).rejects.toBeInstanceOf(PoolClosedError);
  });

  it('takes jobs only while it runs', async () => {
    const pool = new FakePool();
    expect(() => pool.applyAsync(noop)).toThrow('not started');
    await pool.start();
    await pool.stop();
    expect(() => pool.applyAsync(noop)).toThrow(PoolClosedError);
  });

  it('ends unfinished jobs when it is terminated', async () => {
    const pool = await running();
    const job = pool.applyAsync(noop);
    const { signal } = job;
    const { result } = job;
    await pool.terminate();
    await expect(result).rejects.toBeInstanceOf(Terminated);
    expect(signal.aborted).toBe(true);
  });

  it('grows and shrinks its limit, never below 1', async () => {
    const pool = await running({ limit: 2 });
    await pool.grow(3);
    await pool.shrink(4);
    expect(pool.limit).toBe(1);
    await expect(pool.shrink(1)).rejects.toBeInstanceOf(RangeError);
    await expect(pool.grow(0)).rejects.toBeInstanceOf(TypeError);
    expect(pool.calls).toEqual(['start', 'grow 3 to 5', 'shrink 4 to 1']);
    expect(pool.info).toMatchObject({ implementation: 'FakePool', 'max-concurrency': 1 });
    await pool.stop();
  });

  it('refuses what it does not declare', async () => {
    const pool = await running();
    await expect(pool.restart()).rejects.toMatchObject({
      code: NotSupportedError.code,
      capability: 'restart',
    });
    await pool.stop();
  });

  it('drops in flush() what nothing has started, and only that', async () => {
    const pool = await running();
    const [waiting, begun, kept] = [
      pool.applyAsync(noop, [1]),
      pool.applyAsync(noop, [2]),
      pool.applyAsync(noop, ['kept']),
    ];
    pool.accept(begun);
    await pool.flush();
    await expect(waiting.result).rejects.toBeInstanceOf(JobDiscardedError);
    expect([begun.state, kept.state]).toEqual(['accepted', 'pending']);
    pool.succeed(begun, 0);
    pool.succeed(kept, 0);
    await pool.stop();
  });

  it('checks what it is given', async () => {
    expect(() => new FakePool({ limit: 0 })).toThrow(TypeError);
    expect(() => new FakePool({ timeout: -1 })).toThrow(TypeError);
    expect(() => new FakePool({ surprise: 1 } as never)).toThrow("no option 'surprise'");
    const pool = await running();
    expect(() => pool.applyAsync('name' as never)).toThrow(TypeError);
    expect(() => pool.applyAsync(noop, 'args' as never)).toThrow(TypeError);
    expect(() => pool.applyAsync(noop, [], null as never)).toThrow(TypeError);
    expect(() => pool.applyAsync(noop, [], {}, { timeout: Number.NaN })).toThrow(TypeError);
    await pool.stop();
  });
});
