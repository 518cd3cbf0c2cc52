#!/usr/bin/env node
// Runs the tests of the package in the current folder, and leaves a report where nx keeps it with the cached result.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { reportFile, reportFolder } from './report.mjs';

// A suite that hangs must not hang the whole run.
const LIMIT_MINUTES = 15;

rmSync(reportFolder, { recursive: true, force: true });
const vitest = join(import.meta.dirname, '../../../node_modules/vitest/vitest.mjs');
const failures = join(import.meta.dirname, 'failures.mjs');
const reporters = [
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${reportFile}`,
  `--reporter=${failures}`,
];
// The task runner forces colours on; programs that tests start would print them as well.
const { FORCE_COLOR: _, ...env } = process.env;
const { status, error } = spawnSync(
  process.execPath,
  [vitest, 'run', ...reporters, ...process.argv.slice(2)],
  {
    stdio: 'inherit',
    env,
    timeout: LIMIT_MINUTES * 60_000,
    killSignal: 'SIGKILL',
  },
);
if (error) console.error(`The tests were ended: ${error.message}`);
process.exitCode = status ?? 1;
