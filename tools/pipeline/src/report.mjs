import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where a package's test report is, in its folder. */
export const reportFolder = '.test-report';
export const reportFile = `${reportFolder}/report.json`;

/**
 * @typedef {object} Counts How many tests ended how.
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 * @property {number} notApplicable Conformance tests of something that a pool or an adapter declares it does not do; there
 *   is another test that it refuses to.
 */

/** @typedef {{ status: string, title: string, meta?: { notApplicable?: string } }} AssertionResult */

/**
 * @typedef {object} VitestReport The report of vitest's JSON reporter, as far as it is read here.
 * @property {boolean} success
 * @property {{ name: string, status: string, message: string, assertionResults: AssertionResult[] }[]} testResults
 */

// The conformance suites say in the title why a test does not apply, or in its `meta` if they find out while it runs.
const NOT_APPLICABLE = / \(skipped: .+\)$/;

/**
 * Counts the tests in a package's report.
 * @param {string} folder The package's.
 * @returns {Counts | undefined} Nothing when there is no report, because the tests did not run to their end.
 */
export function readCounts(folder) {
  const file = join(folder, reportFile);
  if (!existsSync(file)) return undefined;
  return countTests(JSON.parse(readFileSync(file, 'utf8')));
}

/**
 * @param {VitestReport} report
 * @returns {Counts}
 */
export function countTests(report) {
  const counts = { passed: 0, failed: 0, skipped: 0, notApplicable: 0 };
  for (const file of report.testResults) {
    let failed = 0;
    for (const { status, title, meta } of file.assertionResults) {
      if (status === 'passed') counts.passed += 1;
      else if (status === 'failed') failed += 1;
      else if (NOT_APPLICABLE.test(title) || meta?.notApplicable) counts.notApplicable += 1;
      else counts.skipped += 1;
    }
    // A file that cannot be loaded, or whose hooks fail, has failed although none of its tests has.
    counts.failed += file.status === 'failed' ? Math.max(failed, 1) : failed;
  }
  // An error outside all tests fails a run in which all tests pass.
  if (!report.success && counts.failed === 0) counts.failed = 1;
  return counts;
}
