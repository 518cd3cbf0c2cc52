import { describe, expect, test } from 'vitest';
import { summary, total } from '../src/summary.mjs';

const checks = [
  { package: '@pool/a', target: 'lint', ok: true, cached: true },
  { package: '@pool/b', target: 'lint', ok: true, cached: false },
  { package: '@pool/b', target: 'tarball', ok: false, cached: false },
];
const tests = [
  {
    name: '@pool/a',
    counts: { passed: 3, failed: 0, skipped: 1, notApplicable: 4 },
    failures: [],
    cached: true,
  },
  {
    name: '@pool/b',
    counts: { passed: 2, failed: 1, skipped: 0, notApplicable: 0 },
    failures: [{ test: 'test/b.test.ts > adds', message: `expected 1 to be 2\n${'-\n'.repeat(50)}` }],
    cached: false,
  },
  { name: '@pool/c', counts: undefined, failures: [], cached: false },
];

describe('the summary', () => {
  test('counts a failed check and tests that did not run as one failure each', () => {
    expect(total(checks, tests)).toEqual({ passed: 5, failed: 3, skipped: 1, notApplicable: 4 });
  });

  test('names what failed and ends with the totals', () => {
    expect(summary(checks, tests).split('\n')).toEqual([
      '',
      'lint       2 ok (1 cached)',
      'tarball    FAILED: @pool/b',
      '',
      '@pool/a  3 passed, 0 failed, 1 skipped (cached)',
      '@pool/b  2 passed, 1 failed, 0 skipped',
      '@pool/c  FAILED: did not run to the end',
      '',
      'FAILED in @pool/b: test/b.test.ts > adds',
      '  expected 1 to be 2',
      ...Array(5).fill('  -'),
      '',
      '4 conformance tests are of what a pool or an adapter declares it does not do',
      '',
      '5 passed, 3 failed, 1 skipped',
    ]);
  });
});
