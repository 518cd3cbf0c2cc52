#!/usr/bin/env node
// `npm test`: from a fresh clone to the last line, `N passed, N failed, N skipped`.
import { checkChangesets } from './changesets.mjs';
import { ensureServers } from './servers.mjs';
import { summary, total } from './summary.mjs';
import { runTasks } from './tasks.mjs';
import { readTests } from './tests.mjs';

const inCi = Boolean(process.env['CI']);

const builds = runTasks(['build']);
await ensureServers();
const others = runTasks(['lint-all', 'typecheck-all', 'tarball-all', 'test']);
const changesets = checkChangesets();

const checks = [...builds, ...others.filter(({ target }) => target !== 'build' && target !== 'test')];
if (changesets) checks.push(changesets);
const tests = readTests(others);
console.log(summary(checks, tests));

const { failed, skipped } = total(checks, tests);
// On a build machine everything that tests need is installed, so that a skipped test is one that somebody lost.
if (failed > 0 || (inCi && skipped > 0)) process.exitCode = 1;
