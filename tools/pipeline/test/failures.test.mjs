import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readFailures } from '../src/failures.mjs';

const vitest = join(import.meta.dirname, '../src/vitest.mjs');
const failing = join(import.meta.dirname, 'fixtures/failing.mjs');

test('what fails in a run is listed: tests, files, and errors outside of them', () => {
  // Beside this test, so that what it imports is found.
  const folder = mkdtempSync(join(import.meta.dirname, '.failing-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(failing, join(folder, 'test/failing.test.mjs'));

  const { status } = spawnSync(process.execPath, [vitest, '--root', folder], {
    cwd: folder,
    env: { ...process.env, CI: '' },
  });
  expect(status).toBe(1);
  expect(readFailures(folder)).toEqual([
    { test: 'test/failing.test.mjs > sums > adds', message: 'expected 1 to be 2 // Object.is equality' },
    { test: 'test/failing.test.mjs', message: 'the hook failed' },
    {
      test: expect.stringMatching(/^outside all tests/),
      message: expect.stringContaining('Error: nobody caught this'),
    },
  ]);
});

test('a run that left no list has none', () => {
  expect(readFailures(import.meta.dirname)).toEqual([]);
});
