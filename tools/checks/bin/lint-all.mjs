#!/usr/bin/env node
// The `lint` of every package at once: one reading of all types instead of one for each.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { boundaryProblems } from '../src/boundaries.mjs';
import { readWorkspace, repositoryRoot } from '../src/workspace.mjs';

const workspace = readWorkspace();
for (const here of workspace.values()) {
  for (const problem of boundaryProblems(here, workspace)) {
    console.error(`${here.name}: ${problem}`);
    process.exitCode = 1;
  }
}
if (process.exitCode) console.error('Imports run downwards only; docs/architecture.md has the rows.');

const biome = join(repositoryRoot, 'node_modules/.bin/biome');
const { status } = spawnSync(biome, ['check', '--error-on-warnings', '.'], {
  cwd: repositoryRoot,
  stdio: 'inherit',
});
if (status !== 0) process.exitCode = 1;
