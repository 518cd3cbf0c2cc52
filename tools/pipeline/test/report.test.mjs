import { describe, expect, test } from 'vitest';
import { countTests } from '../src/report.mjs';

/** @param {string} status @param {string[]} tests */
function file(status, ...tests) {
  return {
    name: 'a.test.ts',
    status,
    message: '',
    assertionResults: tests.map((state) => ({ status: state, title: 'a test' })),
  };
}

describe('countTests', () => {
  test('counts each test once, by how it ended', () => {
    const testResults = [
      file('passed', 'passed', 'passed', 'skipped', 'pending', 'todo'),
      file('failed', 'failed', 'passed'),
    ];
    expect(countTests({ success: false, testResults })).toEqual({
      passed: 3,
      failed: 1,
      skipped: 3,
      notApplicable: 0,
    });
  });

  test('counts a conformance test that does not apply neither as passed nor as skipped', () => {
    const title = 'grow() is refused (skipped: the pool declares resize: true)';
    const assertionResults = [
      { status: 'skipped', title },
      { status: 'skipped', title: 'SIGKILL of a child', meta: { notApplicable: 'there is none' } },
    ];
    const testResults = [{ ...file('passed'), assertionResults }];
    const counts = { passed: 0, failed: 0, skipped: 0, notApplicable: 2 };
    expect(countTests({ success: true, testResults })).toEqual(counts);
  });

  test('counts a file that could not be loaded as one failure', () => {
    expect(countTests({ success: false, testResults: [file('failed')] })).toEqual({
      passed: 0,
      failed: 1,
      skipped: 0,
      notApplicable: 0,
    });
  });

  test('counts an error outside all tests as one failure', () => {
    const testResults = [file('passed', 'passed')];
    expect(countTests({ success: false, testResults })).toEqual({
      passed: 1,
      failed: 1,
      skipped: 0,
      notApplicable: 0,
    });
  });
});
