#!/usr/bin/env node
// The `lint` of every package at once: one reading of all types instead of one for each.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { reportBoundaries } from '../src/report-boundaries.mjs';
import { readWorkspace, repositoryRoot } from '../src/workspace.mjs';

const workspace = readWorkspace();
reportBoundaries(workspace.values(), workspace);

const biome = join(repositoryRoot, 'node_modules/.bin/biome');
const { status } = spawnSync(biome, ['check', '--error-on-warnings', '.'], {
  cwd: repositoryRoot,
  stdio: 'inherit',
});
if (status !== 0) process.exitCode = 1;
