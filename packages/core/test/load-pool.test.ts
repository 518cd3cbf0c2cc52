import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadPool, PoolNotFoundError, poolNames, resolveTarget, TargetNotFoundError } from '@pool/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakePool } from './fake-pool.js';

const importModule = async () => ({ FakePool, Other: class Other extends FakePool {}, helper: 1 });

describe('loadPool', () => {
  it('takes module:Class with a path', async () => {
    expect(await loadPool('./pools.js:FakePool', { importModule })).toBe(FakePool);
  });

  it('asks which one when a module exports several, and says so when it exports none', async () => {
    await expect(loadPool('./pools.js', { importModule })).rejects.toThrow('module:Class');
    await expect(loadPool('./pools.js:helper', { importModule })).rejects.toThrow(
      'not a class that extends BasePool',
    );
    await expect(loadPool('./pools.js:Missing', { importModule })).rejects.toThrow('not exported');
  });

  it('reads the name of a custom pool from the environment, Celery’s variable too', async () => {
    const options = { importModule, from: '/' };
    const name = './pools.js:FakePool';
    expect(await loadPool('custom', { ...options, env: { POOL_CUSTOM_WORKER_POOL: name } })).toBe(FakePool);
    expect(await loadPool('custom', { ...options, env: { CELERY_CUSTOM_WORKER_POOL: name } })).toBe(FakePool);
    await expect(loadPool('custom', { ...options, env: {} })).rejects.toBeInstanceOf(PoolNotFoundError);
  });

  it('says what to install when a package is missing', async () => {
    const from = mkdtempSync(join(tmpdir(), 'load-pool-'));
    await expect(loadPool('no-such-pool-package', { from })).rejects.toThrow(
      'npm install no-such-pool-package',
    );
    rmSync(from, { recursive: true });
  });

  it('knows Celery’s names', () => {
    expect(poolNames).toEqual([
      'prefork',
      'processes',
      'threads',
      'solo',
      'green',
      'gevent',
      'eventlet',
      'custom',
    ]);
  });
});

describe('resolveTarget', () => {
  let folder: string;
  let module: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'targets-'));
    mkdirSync(folder, { recursive: true });
    module = join(folder, 'targets.mjs');
    writeFileSync(module, 'export const group = { add: (a, b) => a + b };\nexport const value = 1;\n');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('finds an export by a path, with dots', async () => {
    const add = await resolveTarget({ module, name: 'group.add' });
    expect(add(1, 2)).toBe(3);
    expect(await resolveTarget({ module, name: 'group.add' })).toBe(add);
  });

  it('says what is missing', async () => {
    await expect(resolveTarget({ module, name: 'value' })).rejects.toThrow("no function named 'value'");
    await expect(resolveTarget({ module, name: 'toString' })).rejects.toBeInstanceOf(TargetNotFoundError);
    await expect(resolveTarget({ module: '/no/such.js', name: 'x' })).rejects.toBeInstanceOf(
      TargetNotFoundError,
    );
  });
});
