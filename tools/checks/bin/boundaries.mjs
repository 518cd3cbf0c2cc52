#!/usr/bin/env node
// Checks who the package in the current folder imports, as part of its `lint`.
import { join } from 'node:path';
import { reportBoundaries } from '../src/report-boundaries.mjs';
import { readPackage, readWorkspace } from '../src/workspace.mjs';

const here = readPackage(process.cwd());
reportBoundaries([here], readWorkspace(join(here.folder, '..', '..')));
