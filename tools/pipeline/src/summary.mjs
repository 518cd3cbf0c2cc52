/**
 * @import { Failure } from './failures.mjs'
 * @import { Counts } from './report.mjs'
 * @import { TaskResult } from './tasks.mjs'
 */

// Enough to know what it was; the whole of it is further up.
const MESSAGE_LINES = 6;
const MESSAGE_COLUMNS = 300;

/**
 * @typedef {object} PackageTests The tests of one package.
 * @property {string} name
 * @property {Counts | undefined} counts Nothing when they did not run.
 * @property {readonly Failure[]} failures
 * @property {boolean} cached
 */

/**
 * Adds up all that ran. A check that failed and a package whose tests did not run to their end count as one failure each.
 * @param {readonly TaskResult[]} checks All but the tests.
 * @param {readonly PackageTests[]} tests
 * @returns {Counts}
 */
export function total(checks, tests) {
  const sum = { passed: 0, failed: checks.filter(({ ok }) => !ok).length, skipped: 0, notApplicable: 0 };
  for (const { counts } of tests) {
    sum.passed += counts?.passed ?? 0;
    sum.failed += counts?.failed ?? 1;
    sum.skipped += counts?.skipped ?? 0;
    sum.notApplicable += counts?.notApplicable ?? 0;
  }
  return sum;
}

/**
 * Says in some lines how the checks and the tests of each package ended; the last is the plain line of the totals.
 * @param {readonly TaskResult[]} checks
 * @param {readonly PackageTests[]} tests
 */
export function summary(checks, tests) {
  const lines = [''];
  for (const target of new Set(checks.map((check) => check.target))) {
    const all = checks.filter((check) => check.target === target);
    const failed = all.filter(({ ok }) => !ok).map((check) => check.package);
    const verdict = failed.length > 0 ? `FAILED: ${failed.join(', ')}` : `${all.length} ok${fromCache(all)}`;
    lines.push(`${target.padEnd(10)} ${verdict}`);
  }
  lines.push('');
  const width = Math.max(...tests.map(({ name }) => name.length), 0);
  for (const { name, counts, cached } of tests) {
    const verdict = counts
      ? describeCounts(counts) + (cached ? ' (cached)' : '')
      : 'FAILED: did not run to the end';
    lines.push(`${name.padEnd(width)}  ${verdict}`);
  }
  for (const { name, failures } of tests) {
    for (const { test, message } of failures) {
      lines.push('', `FAILED in ${name}: ${test}`, ...excerpt(message));
    }
  }
  const sum = total(checks, tests);
  if (sum.notApplicable > 0) {
    lines.push(
      '',
      `${sum.notApplicable} conformance tests are of what a pool or an adapter declares it does not do`,
    );
  }
  lines.push('', describeCounts(sum));
  return lines.join('\n');
}

/** @param {string} message */
function excerpt(message) {
  const lines = message.split('\n').slice(0, MESSAGE_LINES);
  return lines.map((line) => `  ${line.slice(0, MESSAGE_COLUMNS)}`);
}

/** @param {Counts} counts */
function describeCounts({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** @param {readonly TaskResult[]} results */
function fromCache(results) {
  const cached = results.filter((result) => result.cached).length;
  return cached > 0 ? ` (${cached} cached)` : '';
}
