import { tmpdir } from 'node:os';
import { describe, expect, test } from 'vitest';
import { readOptions } from '../src/options.mjs';

describe('readOptions', () => {
  test('runs prefork on the default folder when told nothing', () => {
    const options = { pools: ['prefork'], concurrency: undefined, folder: tmpdir() };
    expect(readOptions([], tmpdir())).toEqual(options);
  });

  test('takes a pool, a concurrency and a folder', () => {
    expect(readOptions(['--pool', 'green', '--concurrency', '7', tmpdir()], '/')).toEqual({
      pools: ['green'],
      concurrency: 7,
      folder: tmpdir(),
    });
  });

  test('runs every pool for all', () => {
    expect(readOptions(['-P', 'all'], '/')).toMatchObject({ pools: ['prefork', 'threads', 'green', 'solo'] });
  });

  test.each([
    [['--pool', 'fast'], '--pool is one of prefork, threads, green, solo, all; not fast'],
    [['-c', '0'], '--concurrency is a number from 1 up, not 0'],
    [['-c', 'many'], '--concurrency is a number from 1 up, not many'],
    [['a', 'b'], 'one folder, not 2: a b'],
    [['/no/such/folder'], '/no/such/folder is not a folder'],
    [['--speed'], 'Unknown option'],
  ])('refuses %j', (args, message) => {
    expect(() => readOptions(args, '/')).toThrow(message);
  });
});
