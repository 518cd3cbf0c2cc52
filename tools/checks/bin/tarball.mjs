#!/usr/bin/env node
// Checks the manifest of the package in the current folder, and what its tarball contains; the package is built before.
import { join } from 'node:path';
import { manifestProblems } from '../src/manifest.mjs';
import { tarballProblems } from '../src/tarball.mjs';
import { readPackage, readWorkspace } from '../src/workspace.mjs';

const here = readPackage(process.cwd());
const workspace = readWorkspace(join(here.folder, '..', '..'));
const problems = [...manifestProblems(here, workspace), ...(await tarballProblems(here))];
for (const problem of problems) console.error(`${here.name}: ${problem}`);
if (problems.length > 0) process.exitCode = 1;
