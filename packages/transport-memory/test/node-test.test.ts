import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

it('the conformance suite runs under node:test, and brings no runner', { timeout: 120_000 }, async () => {
  const script = fileURLToPath(new URL('./fixtures/node-test.mjs', import.meta.url));
  // A process of node:test that is a child of node:test would report to it, and not to us.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, ['--test', '--test-reporter=tap', script], { env });
  const count = (kind: string): number => Number(new RegExp(`^# ${kind} (\\d+)$`, 'm').exec(stdout)?.[1]);
  expect(count('fail')).toBe(0);
  expect(count('pass')).toBeGreaterThan(10);
  expect(count('skipped')).toBe(4);
});
