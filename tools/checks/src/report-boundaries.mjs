import { boundaryProblems } from './boundaries.mjs';

/** @import { Package } from './workspace.mjs' */

/**
 * Says which imports of some packages are forbidden, and fails this process if one is.
 * @param {Iterable<Package>} packages
 * @param {Map<string, Package>} workspace
 */
export function reportBoundaries(packages, workspace) {
  let failed = false;
  for (const here of packages) {
    for (const problem of boundaryProblems(here, workspace)) {
      console.error(`${here.name}: ${problem}`);
      failed = true;
    }
  }
  if (!failed) return;
  console.error('Imports run downwards only; docs/architecture.md has the rows.');
  process.exitCode = 1;
}
