import { relative } from 'node:path';
import Table from 'cli-table3';

/** @import { JobResult } from './run-job.mjs' */

const NUMBER = new Intl.NumberFormat('en');
const STYLE = { head: [], border: [], compact: true };
const LARGEST = 15;

/** @typedef {ReturnType<typeof totals>} Totals */

/**
 * Adds up a job.
 * @param {JobResult} result
 */
export function totals({ pool, rows, seconds }) {
  const done = rows.flatMap(({ packed }) => (packed ? [packed] : []));
  return {
    pool,
    files: rows.length,
    failed: rows.length - done.length,
    bytesIn: done.reduce((sum, { bytesIn }) => sum + bytesIn, 0),
    bytesOut: done.reduce((sum, { bytesOut }) => sum + bytesOut, 0),
    processes: new Set(done.map(({ pid }) => pid)).size,
    seconds,
    tasksPerSecond: rows.length / seconds,
  };
}

/**
 * The results of a job, largest files first, with the totals below.
 * @param {JobResult} result
 * @param {string} folder To which the names of files are relative.
 */
export function resultTable(result, folder) {
  const table = new Table({
    head: ['file', 'bytes in', 'bytes out', 'ratio', 'sha256'],
    colAligns: ['left', 'right', 'right', 'right', 'left'],
    style: STYLE,
  });
  const rows = result.rows
    .flatMap(({ file, packed }) => (packed ? [{ file, ...packed }] : []))
    .sort((one, other) => other.bytesIn - one.bytesIn);
  for (const { file, bytesIn, bytesOut, sha256 } of rows.slice(0, LARGEST)) {
    table.push([
      relative(folder, file),
      number(bytesIn),
      number(bytesOut),
      ratio(bytesIn, bytesOut),
      sha256.slice(0, 12),
    ]);
  }
  const { files, bytesIn, bytesOut } = totals(result);
  if (rows.length > LARGEST)
    table.push([`and ${number(rows.length - LARGEST)} smaller files`, '', '', '', '']);
  table.push([`${number(files)} files`, number(bytesIn), number(bytesOut), ratio(bytesIn, bytesOut), '']);
  return table.toString();
}

/**
 * One line of totals.
 * @param {Totals} sum
 */
export function totalsLine(sum) {
  const processes = sum.processes === 1 ? '1 process' : `${sum.processes} processes`;
  return (
    `${sum.pool}: ${number(sum.files)} files in ${sum.seconds.toFixed(2)} s on ${processes}, ` +
    `${number(sum.tasksPerSecond)} tasks a second, ${number(sum.bytesIn)} bytes in, ${number(sum.bytesOut)} bytes out` +
    (sum.failed > 0 ? `, ${number(sum.failed)} FAILED` : '')
  );
}

/**
 * Compares pools on the same job, the fastest first.
 * @param {readonly Totals[]} sums
 */
export function comparisonTable(sums) {
  const table = new Table({
    head: ['pool', 'processes', 'files', 'failed', 'bytes in', 'bytes out', 'seconds', 'tasks/s'],
    colAligns: ['left', ...Array(7).fill('right')],
    style: STYLE,
  });
  for (const sum of [...sums].sort((one, other) => one.seconds - other.seconds)) {
    const { pool, processes, files, failed, bytesIn, bytesOut, seconds, tasksPerSecond } = sum;
    const numbers = [files, failed, bytesIn, bytesOut].map(number);
    table.push([pool, processes, ...numbers, seconds.toFixed(2), number(tasksPerSecond)]);
  }
  return table.toString();
}

/** @param {number} value */
function number(value) {
  return NUMBER.format(Math.round(value));
}

/** @param {number} bytesIn @param {number} bytesOut */
function ratio(bytesIn, bytesOut) {
  return bytesIn === 0 ? '' : `${Math.round((bytesOut / bytesIn) * 100)} %`;
}
