// Compiles the calling package's src to dist. dist is empty before, and after a failed compile, so that nothing old or
// half-made is ever packed, tested or cached.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';

rmSync('dist', { recursive: true, force: true });
const { status } = spawnSync('tsc', ['-b', 'tsconfig.lib.json'], { stdio: 'inherit' });
if (status !== 0) {
  rmSync('dist', { recursive: true, force: true });
  process.exitCode = status ?? 1;
}
