#!/usr/bin/env node
// The `tarball` of every package at once: TypeScript is loaded once instead of once for each.
import { reportTarball } from '../src/report-tarball.mjs';
import { readWorkspace } from '../src/workspace.mjs';

const workspace = readWorkspace();
for (const of of workspace.values())
  if (of.manifest.scripts?.['tarball'] !== undefined) await reportTarball(of, workspace);
