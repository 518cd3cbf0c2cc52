import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readFailures } from './failures.mjs';
import { repositoryRoot } from './install.mjs';
import { readCounts } from './report.mjs';

/**
 * @import { PackageTests } from './summary.mjs'
 * @import { TaskResult } from './tasks.mjs'
 */

/**
 * Reads how the tests of every package that has tests ended, whether they ran now or their result was cached.
 * @param {readonly TaskResult[]} results What nx did.
 * @returns {PackageTests[]}
 */
export function readTests(results) {
  return packagesWithTests().map(({ name, folder }) => {
    const result = results.find((task) => task.package === name && task.target === 'test');
    // A report of an earlier run says nothing about tests that did not run now.
    const counts = result && readCounts(folder);
    // Tests that failed for a reason that is not in their report, such as an error while they were ended.
    if (counts && !result.ok && counts.failed === 0) counts.failed = 1;
    const failures = counts && !result.ok ? readFailures(folder) : [];
    return { name, counts, failures, cached: result?.cached ?? false };
  });
}

function packagesWithTests() {
  return ['packages', 'tools'].flatMap((group) => {
    const folders = readdirSync(join(repositoryRoot, group)).map((name) => join(repositoryRoot, group, name));
    return folders.flatMap((folder) => {
      const file = join(folder, 'package.json');
      if (!existsSync(file)) return [];
      /** @type {{ name: string, scripts?: Record<string, string> }} */
      const { name, scripts } = JSON.parse(readFileSync(file, 'utf8'));
      return scripts?.['test'] ? [{ name, folder }] : [];
    });
  });
}
