// Compiles the calling package's src to dist. dist is empty before, and after a failed compile, so that nothing old or
// half-made is ever packed, tested or cached.
//
// `--bundle FILE` puts all that a compiled module imports of its own package into that one file, in its place: for what
// is loaded when a pool or a child process starts, where each file costs about half a millisecond. `--cjs FILE` does so
// beside it, as CommonJS, `.cjs`: a process that begins with that starts without the loader of ES modules.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { parseArgs } from 'node:util';

const files = /** @type {const} */ ({ type: 'string', multiple: true, default: [] });
const { values } = parseArgs({ options: { bundle: files, cjs: files } });

rmSync('dist', { recursive: true, force: true });
const { status } = spawnSync('tsc', ['-b', 'tsconfig.lib.json'], { stdio: 'inherit' });
if (status !== 0) {
  rmSync('dist', { recursive: true, force: true });
  process.exitCode = status ?? 1;
} else {
  for (const file of values.cjs) await bundle(file, file.replace(/\.js$/, '.cjs'), 'cjs');
  for (const file of values.bundle) await bundle(file, file, 'esm');
}

/**
 * @param {string} file
 * @param {string} to
 * @param {'esm' | 'cjs'} format
 */
async function bundle(file, to, format) {
  if (!existsSync(file)) {
    console.warn(`${file} is not there to be bundled`);
    return;
  }
  const { rolldown } = await import('rolldown');
  // What a specifier names a package by stays one of its own.
  const build = await rolldown({ input: `./${file}`, platform: 'node', external: /^[^./]/ });
  await build.write({ file: to, format, sourcemap: true });
  await build.close();
}
