import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { reportFolder } from './report.mjs';

/** Where what failed in a package's tests is, in its folder. */
export const failuresFile = `${reportFolder}/failures.json`;

/**
 * @typedef {object} Failure
 * @property {string} test The file and the test's full name, or what was going on when an error came from outside all tests.
 * @property {string} message
 */

/** @typedef {{ message: string }} SomeError */

/**
 * A reporter for vitest that leaves a list of what failed. Vitest's JSON has none of the errors outside tests.
 * @returns {import('vitest/reporters').Reporter}
 */
export default function failuresReporter() {
  return {
    onTestRunEnd(modules, unhandledErrors) {
      /** @type {Failure[]} */
      const failures = [];
      for (const module of modules) {
        const file = module.relativeModuleId;
        const failed = [...module.children.allTests('failed')];
        for (const test of failed) {
          failures.push({
            test: `${file} > ${test.fullName}`,
            message: messages(test.result().errors ?? []),
          });
        }
        // Its hooks, or the file itself.
        const others = [module, ...module.children.allSuites()].flatMap((suite) => suite.errors());
        if (others.length > 0) failures.push({ test: file, message: messages(others) });
      }
      for (const error of unhandledErrors) {
        const during = 'VITEST_TEST_NAME' in error ? `, while "${error['VITEST_TEST_NAME']}" ran` : '';
        failures.push({ test: `outside all tests${during}`, message: error.stack ?? error.message });
      }
      mkdirSync(dirname(failuresFile), { recursive: true });
      writeFileSync(failuresFile, JSON.stringify(failures));
    },
  };
}

/** @param {readonly SomeError[]} errors */
function messages(errors) {
  return errors.map(({ message }) => message).join('\n');
}

/**
 * @param {string} folder The package's.
 * @returns {Failure[]} None when the tests did not run to their end.
 */
export function readFailures(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, failuresFile), 'utf8'));
  } catch {
    return [];
  }
}
