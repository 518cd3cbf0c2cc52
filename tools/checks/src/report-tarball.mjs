import { manifestProblems } from './manifest.mjs';
import { tarballProblems } from './tarball.mjs';

/** @import { Package } from './workspace.mjs' */

/**
 * Checks a built package's manifest and what its tarball contains; prints what is wrong, and has the process fail.
 * @param {Package} of
 * @param {ReadonlyMap<string, Package>} workspace All packages, by name.
 */
export async function reportTarball(of, workspace) {
  const problems = [...manifestProblems(of, workspace), ...(await tarballProblems(of))];
  for (const problem of problems) console.error(`${of.name}: ${problem}`);
  if (problems.length > 0) process.exitCode = 1;
}
