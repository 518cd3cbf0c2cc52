import { applyTarget, SystemExit, WorkerLostError, WorkerShutdown } from '@pool/core';
import { describe, expect, it } from 'vitest';

const record = () => {
  const calls: unknown[] = [];
  return {
    calls,
    acceptCallback: (pid: number) => void calls.push(['accept', pid]),
    callback: (value: unknown) => void calls.push(['value', value]),
    errorCallback: (info: unknown) => void calls.push(['error', info]),
  };
};

describe('applyTarget', () => {
  it('accepts, runs the target, and gives its value to the callback, in this order', () => {
    const { calls, ...options } = record();
    const target = (a: number, b: number, { c }: { c: number }): number => {
      calls.push('target');
      return a + b + c;
    };
    expect(applyTarget(target, [1, 2], { c: 3 }, { ...options, pid: 7 })).toBe(undefined);
    expect(calls).toEqual([['accept', 7], 'target', ['value', 6]]);
  });

  it('runs nothing when the accept callback throws', () => {
    const { calls, ...options } = record();
    const acceptCallback = (): never => {
      throw new Error('refused');
    };
    expect(() => applyTarget(() => calls.push('target'), [], {}, { ...options, acceptCallback })).toThrow(
      'refused',
    );
    expect(calls).toEqual([]);
  });

  it('lets an ordinary error leave, and calls nobody', async () => {
    const { calls, ...options } = record();
    const fail = (): never => {
      throw new RangeError('mine');
    };
    expect(() => applyTarget(fail, [], {}, options)).toThrow(RangeError);
    await expect(applyTarget(async () => fail(), [], {}, options)).rejects.toThrow(RangeError);
    expect(calls.filter((call) => (call as unknown[])[0] !== 'accept')).toEqual([]);
  });

  it('makes the loss of what runs the target a WorkerLostError for the error callback', () => {
    const { calls, ...options } = record();
    applyTarget(
      () => {
        throw new SystemExit(3);
      },
      [],
      {},
      options,
    );
    expect((calls[1] as [string, unknown])[0]).toBe('error');
    expect((calls[1] as [string, unknown])[1]).toMatchObject({ code: WorkerLostError.code });
  });

  it('lets a request to stop the worker leave', () => {
    const stop = (): never => {
      throw new WorkerShutdown();
    };
    expect(() => applyTarget(stop)).toThrow(WorkerShutdown);
  });

  it('lets what is to propagate leave, whatever it is', () => {
    const exit = (): never => {
      throw new SystemExit(1);
    };
    expect(() => applyTarget(exit, [], {}, { propagate: [SystemExit] })).toThrow(SystemExit);
  });
});
