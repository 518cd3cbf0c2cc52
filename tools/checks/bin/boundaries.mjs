#!/usr/bin/env node
// Checks who the package in the current folder imports, as part of its `lint`.
import { join } from 'node:path';
import { boundaryProblems } from '../src/boundaries.mjs';
import { readPackage, readWorkspace } from '../src/workspace.mjs';

const here = readPackage(process.cwd());
const workspace = readWorkspace(join(here.folder, '..', '..'));
const problems = boundaryProblems(here, workspace);
for (const problem of problems) console.error(`${here.name}: ${problem}`);
if (problems.length > 0) {
  console.error('Imports run downwards only; docs/architecture.md has the rows.');
  process.exitCode = 1;
}
