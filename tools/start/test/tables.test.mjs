import { describe, expect, test } from 'vitest';
import { comparisonTable, resultTable, totals, totalsLine } from '../src/tables.mjs';

/** @param {number} index @param {number} bytesIn */
function row(index, bytesIn) {
  const packed = {
    bytesIn,
    bytesOut: bytesIn / 2,
    sha256: `${index}`.padStart(64, 'abcdef'),
    pid: index % 2,
  };
  return { file: `/folder/file-${index}`, packed };
}

const rows = Array.from({ length: 20 }, (_, index) => row(index, 1000 + index));
const result = {
  pool: 'solo',
  rows: [...rows, { file: '/folder/bad', error: new Error('unreadable') }],
  seconds: 2,
};

describe('tables', () => {
  test('add up what came back and count what failed', () => {
    expect(totals(result)).toEqual({
      pool: 'solo',
      files: 21,
      failed: 1,
      bytesIn: 20_190,
      bytesOut: 10_095,
      processes: 2,
      seconds: 2,
      tasksPerSecond: 10.5,
    });
  });

  test('show the largest files first, how many are left out, and the sums', () => {
    const table = resultTable(result, '/folder');
    expect(table).toMatch(/file-19.*1,019.*file-18.*1,018/s);
    expect(table).not.toMatch(/file-4\b/);
    expect(table).toMatch(/and 5 smaller files[^\n]*\n[^\n]*21 files[^\n]*20,190[^\n]*10,095[^\n]*50 %/);
  });

  test('say the totals in a line', () => {
    expect(totalsLine(totals(result))).toBe(
      'solo: 21 files in 2.00 s on 2 processes, 11 tasks a second, 20,190 bytes in, 10,095 bytes out, 1 FAILED',
    );
  });

  test('compare pools, the fastest first', () => {
    const table = comparisonTable([totals(result), totals({ ...result, pool: 'prefork', seconds: 1 })]);
    expect(table).toMatch(/prefork.*1\.00.*21.*solo.*2\.00.*11/s);
  });
});
