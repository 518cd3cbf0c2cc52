// Compiles the calling package's src to dist. dist is empty before, and after a failed compile, so that nothing old or
// half-made is ever packed, tested or cached.
//
// `--bundle FILE` puts all that a compiled module imports of its own package into that one file, in its place: for what
// every child process loads when it starts, where each file costs about half a millisecond.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { bundle: { type: 'string', multiple: true, default: [] } } });

rmSync('dist', { recursive: true, force: true });
const { status } = spawnSync('tsc', ['-b', 'tsconfig.lib.json'], { stdio: 'inherit' });
if (status !== 0) {
  rmSync('dist', { recursive: true, force: true });
  process.exitCode = status ?? 1;
} else {
  for (const file of values.bundle) await bundle(file);
}

/** @param {string} file */
async function bundle(file) {
  if (!existsSync(file)) {
    console.warn(`${file} is not there to be bundled`);
    return;
  }
  const { rolldown } = await import('rolldown');
  const build = await rolldown({ input: file, platform: 'node' });
  await build.write({ file, format: 'esm', sourcemap: true });
  await build.close();
}
