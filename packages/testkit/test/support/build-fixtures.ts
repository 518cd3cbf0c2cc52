import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Compiles the pools that the tests use: some are used from other processes, which need JavaScript. */
export default async function buildFixtures(): Promise<void> {
  const compiler = createRequire(import.meta.url).resolve('typescript/package.json');
  const tsc = fileURLToPath(new URL('bin/tsc', `file://${compiler}`));
  const project = fileURLToPath(new URL('../fixtures', import.meta.url));
  await promisify(execFile)(process.execPath, [tsc, '-b', project]);
}
