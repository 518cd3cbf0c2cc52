import { NotTransferableError, SoftTimeLimitExceeded } from '@pool/core';
import { move } from '@pool/threads';
import { describe, expect, it } from 'vitest';
import { apply, started } from './started-pool.js';

describe('what travels between the pool and its threads', () => {
  it.each([
    ['numbers', [0, -0, 1.5, -1e300, Number.NaN, Number.POSITIVE_INFINITY]],
    ['strings, short and long', ['', 'é☃𝄞', '\u2028\ud800', 'x'.repeat(10_000), '☃'.repeat(10_000)]],
    ['nothing', [undefined, null, [undefined, null], { a: null }]],
    ['nested values', { a: [1, { b: ['c', { d: 'e'.repeat(5000) }] }], '': 1 }],
    ['big integers', 12345678901234567890n],
    ['dates, maps, sets', [new Date(5), new Map([[1, { two: 2 }]]), new Set(['a'])]],
    ['typed arrays', [new Float64Array([1.5]), new Uint8Array([1, 2, 3])]],
    ['buffers', Buffer.from('a part of a larger buffer')],
    ['buffers in plain values', { deep: [{ bytes: Buffer.from('abc') }] }],
    ['regular expressions and errors', [/a/gi, new RangeError('m')]],
  ])('%s arrive as they were', async (_, value) => {
    const pool = await started();
    expect(await apply(pool, 'echo', [value]).result).toStrictEqual(value);
  });

  it('values that refer to themselves arrive so', async () => {
    const pool = await started();
    const value: { self?: unknown } = {};
    value.self = value;
    const echoed = (await apply(pool, 'echo', [value]).result) as typeof value;
    expect(echoed.self).toBe(echoed);
  });

  it('of a result that a soft limit interrupts nothing is left', async () => {
    const pool = await started();
    const { result } = apply(pool, 'endless', [], { softTimeout: 0.2 });
    const error = await result.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SoftTimeLimitExceeded);
    expect((error as Error).message).toBe(new SoftTimeLimitExceeded(0.2).message);
    expect(await apply(pool, 'add', [1, 2]).result).toBe(3);
  });

  it('a small buffer does not drag along the memory it is a part of', async () => {
    const pool = await started();
    const echoed = (await apply(pool, 'echo', [Buffer.from('abc')]).result) as Buffer;
    expect(echoed.buffer.byteLength).toBe(3);
  });

  it('bytes are taken when the job is handed in', async () => {
    const pool = await started();
    const bytes = new Uint8Array(100_000).fill(1);
    const job = apply(pool, 'echo', [bytes]);
    await Promise.resolve();
    process.nextTick(() => bytes.fill(2));
    const echoed = (await job.result) as Uint8Array;
    expect(echoed.every((byte) => byte === 1)).toBe(true);
  });

  it('large and small messages keep their order', async () => {
    const pool = await started({ limit: 2, scheduling: 'fast', depth: 16 });
    const texts = ['', 'é☃𝄞', 'x'.repeat(100), '☃'.repeat(1300), '☃'.repeat(1900), 'y'.repeat(100_000)];
    let under = 0;
    let done = 0;
    for (let i = 0; i < 3000; i++) {
      const text = texts[(i * i) % texts.length];
      const result = apply(pool, 'echo', [[i, text]]).result.then((value) => {
        expect(value).toEqual([i, text]);
        under -= 1;
        done += 1;
      });
      under += 1;
      // One at a time, then some, then many.
      if (under > (i % 500 < 250 ? 0 : i % 40)) await result;
    }
    await expect.poll(() => done, { timeout: 60_000 }).toBe(3000);
  });

  it('shared memory is shared', async () => {
    const pool = await started({ limit: 2 });
    const shared = new SharedArrayBuffer(4);
    const jobs = [1, 2, 3, 4].map(() => apply(pool, 'addTo', [shared, 1000]));
    await Promise.all(jobs.map((job) => job.result));
    expect(new Int32Array(shared)[0]).toBe(4000);
    const echoed = await apply(pool, 'echo', [Buffer.from(shared)]).result;
    expect((echoed as Buffer).buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  it('moved memory goes over, and comes back, without a copy here', async () => {
    const pool = await started();
    const bytes = move(new Uint8Array(1_000_000));
    const back = (await apply(pool, 'fillMoved', [bytes]).result) as Uint8Array;
    expect(bytes.byteLength).toBe(0);
    expect(back.byteLength).toBe(1_000_000);
    expect(back[999_999]).toBe(7);
  });

  it('a port can be moved', async () => {
    const pool = await started();
    const { port1, port2 } = new MessageChannel();
    const echoed = (await apply(pool, 'echo', [{ port: move(port2) }]).result.catch(
      (error: unknown) => error,
    )) as Error;
    // The task gives it back without moving it, which a port does not survive: it did arrive.
    expect(echoed.message).toMatch(/needs transfer/);
    port1.close();
  });

  it.each([
    ['a function', { f: () => {} }, 'args[0].f'],
    ['a symbol', [Symbol('s')], 'args[0][0]'],
    ['a promise', { deep: [Promise.resolve()] }, 'args[0].deep[0]'],
  ])('%s fails the job and names where it is', async (_, value, path) => {
    const pool = await started();
    const error = await apply(pool, 'echo', [value]).result.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(NotTransferableError);
    expect((error as NotTransferableError).path).toBe(path);
    expect(await apply(pool, 'add', [2, 3]).result).toBe(5);
  });

  it('memory that was moved before fails the job rather than arrive empty', async () => {
    const pool = await started();
    const bytes = move(new Uint8Array(10));
    await apply(pool, 'echo', [bytes]).result;
    const again = apply(pool, 'echo', [bytes]);
    await expect(again.result).rejects.toThrow(NotTransferableError);
  });
});
