import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ExceptionInfo, PoolError, TimeLimitExceeded, WorkerLostError } from '@pool/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

describe('errors of another copy of the package', () => {
  let folder: string;
  let other: typeof import('@pool/core');
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'core-copy-'));
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    for (const part of ['dist', 'src'])
      cpSync(fileURLToPath(new URL(`../${part}`, import.meta.url)), join(folder, part), { recursive: true });
    other = await import(pathToFileURL(join(folder, 'dist/index.js')).href);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('are instances of this one', () => {
    const foreign = new other.TimeLimitExceeded(5);
    expect(other.TimeLimitExceeded).not.toBe(TimeLimitExceeded);
    expect(foreign).toBeInstanceOf(TimeLimitExceeded);
    expect(foreign).toBeInstanceOf(PoolError);
    expect(foreign).not.toBeInstanceOf(WorkerLostError);
  });

  it('share the current job', async () => {
    const { enterJob, currentJob } = await import('../src/current-job.js');
    const job = { id: 1 } as never;
    const before = enterJob(job);
    expect(other.currentJob()).toBe(currentJob());
    enterJob(before);
  });
});

describe('ExceptionInfo', () => {
  it('makes the likeness of an error from its data', () => {
    const cause = Object.assign(new TypeError('inner'), { code: 'E_INNER' });
    const info = ExceptionInfo.from(new TimeLimitExceeded(3, { cause }));
    const back = new ExceptionInfo(JSON.parse(JSON.stringify(info))).toError();
    expect(back).toBeInstanceOf(TimeLimitExceeded);
    expect(back).toMatchObject({ name: 'TimeLimitExceeded', seconds: 3, code: TimeLimitExceeded.code });
    expect(back.cause).toMatchObject({ name: 'TypeError', message: 'inner', code: 'E_INNER' });
    expect(back.stack).toBe(info.stack);
  });

  it.each([
    ['undefined', undefined, 'undefined', 'undefined'],
    ['null', null, 'Object', 'null'],
    ['a string', 'oops', 'string', 'oops'],
    ['an object', { a: 1 }, 'Object', '{"a":1}'],
  ])('describes %s that was thrown', (_, thrown, type, message) => {
    expect(ExceptionInfo.from(thrown).toJSON()).toMatchObject({ type, message });
  });

  it('describes what cannot be described', () => {
    const poisoned = {
      get message(): string {
        throw new Error('no');
      },
    };
    expect(ExceptionInfo.from(poisoned).message).toContain('cannot be described');
  });
});
