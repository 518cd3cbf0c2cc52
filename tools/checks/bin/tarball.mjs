#!/usr/bin/env node
// Checks the manifest of the package in the current folder, and what its tarball contains; the package is built before.
import { join } from 'node:path';
import { reportTarball } from '../src/report-tarball.mjs';
import { readPackage, readWorkspace } from '../src/workspace.mjs';

const here = readPackage(process.cwd());
await reportTarball(here, readWorkspace(join(here.folder, '..', '..')));
