import { NotTransferableError } from '@pool/core';
import { describe, expect, it } from 'vitest';
import { started, target } from './support.js';

describe('values as JSON', () => {
  it('come back as they went, bytes and undefined included', async () => {
    const pool = await started();
    const value = {
      list: [1, undefined, null, 'ü', '\ud800', 'x'.repeat(5000), '→'.repeat(5000)],
      bytes: Buffer.from([0, 255]),
      array: new Uint8Array([1, 2, 3]),
      large: Buffer.alloc(100_000, 7),
      nested: { deep: [[[{ end: true }]]] },
    };
    const back = await pool.applyAsync<typeof value>(target('echo'), [value]).result;
    expect(back).toEqual(value);
    expect(Buffer.isBuffer(back.bytes)).toBe(true);
    expect(Buffer.isBuffer(back.array)).toBe(false);
    expect(await pool.applyAsync(target('echo'), [undefined]).result).toBe(undefined);
  });

  it.each([
    ['a function', { a: [() => 1] }, 'args[0].a[0]'],
    ['a symbol', Symbol('s'), 'args[0]'],
    ['a bigint', { 'a b': 1n }, 'args[0]["a b"]'],
    ['a Map', new Map(), 'args[0]'],
    ['a Date', { at: new Date() }, 'args[0].at'],
    ['NaN', [Number.NaN], 'args[0][0]'],
  ])('%s is refused as an argument, by its path', async (_, value, path) => {
    const pool = await started();
    const error = await pool.applyAsync(target('echo'), [value]).result.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(NotTransferableError);
    expect((error as NotTransferableError).path).toBe(path);
  });

  it('a result that cannot be carried fails that job alone, by its path', async () => {
    const pool = await started();
    const bad = pool.applyAsync(target('values.fn')).result.catch((thrown: unknown) => thrown);
    const good = pool.applyAsync(target('add'), [1, 2]).result;
    expect(await bad).toMatchObject({ code: NotTransferableError.code, path: 'result.list[1]' });
    expect(await good).toBe(3);
  });

  it('an error among the keyword arguments is named there', async () => {
    const pool = await started();
    const { result } = pool.applyAsync(target('echo'), [], { x: { y: 1n } });
    await expect(result).rejects.toMatchObject({ path: 'kwargs.x.y' });
  });

  it('a result is what it was when the job ended, not what it became', async () => {
    const pool = await started();
    for (let i = 0; i < 100; i++) await pool.applyAsync(target('count')).result;
    const counts = await Promise.all(
      Array.from({ length: 200 }, () => pool.applyAsync<{ n: number }>(target('count')).result),
    );
    expect(counts.map(({ n }) => n)).toEqual(Array.from({ length: 200 }, (_, i) => 101 + i));
  });
});

describe('values as structured clones', () => {
  it('may be more than JSON holds', async () => {
    const pool = await started({ serialization: 'structured' });
    const value = { map: new Map([['k', new Set([1])]]), at: new Date(0), big: 12n, not: Number.NaN };
    expect(await pool.applyAsync(target('echo'), [value]).result).toEqual(value);
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    const back = (await pool.applyAsync<{ self: unknown }>(target('echo'), [cycle]).result) as {
      self: unknown;
    };
    expect(back.self).toBe(back);
    expect(await pool.applyAsync(target('values.big')).result).toBe(10n);
  });

  it('still name what they cannot hold', async () => {
    const pool = await started({ serialization: 'structured' });
    const { result } = pool.applyAsync(target('echo'), [{ list: [1, () => 1] }]);
    await expect(result).rejects.toMatchObject({ path: 'args[0].list[1]' });
  });

  it.each([
    ['a MessagePort', () => new MessageChannel().port1],
    ['shared memory', () => new SharedArrayBuffer(8)],
    ['a Proxy', () => new Proxy({}, {})],
    ['a Promise', () => Promise.resolve(1)],
    ['a Blob', () => new Blob(['text'])],
  ])('name the place of %s', async (_, make) => {
    const pool = await started({ serialization: 'structured' });
    const fine = { at: new Date(0), map: new Map([['k', [1n]]]), bytes: new Uint8Array(3) };
    const { result } = pool.applyAsync(target('echo'), [1, { fine, list: [fine, { bad: make() }] }]);
    await expect(result).rejects.toMatchObject({
      code: NotTransferableError.code,
      path: 'args[1].list[1].bad',
    });
  });

  it('are refused when they nest too deep', async () => {
    const pool = await started({ serialization: 'structured' });
    let value: unknown = () => 1;
    for (let i = 0; i < 100_000; i++) value = [value];
    await expect(pool.applyAsync(target('echo'), [value]).result).rejects.toBeInstanceOf(
      NotTransferableError,
    );
  });
});

it('a job posts messages to whoever handed it in', async () => {
  const pool = await started();
  const messages: unknown[] = [];
  const job = pool.applyAsync(
    target('post'),
    [[1, { two: 2 }, Buffer.from('3')]],
    {},
    {
      messageCallback: (value) => messages.push(value),
    },
  );
  expect(await job.result).toBe('posted');
  expect(messages).toEqual([1, { two: 2 }, Buffer.from('3')]);
});
