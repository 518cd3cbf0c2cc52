import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const example = fileURLToPath(new URL('../../../docs/examples/two-pools/main.mjs', import.meta.url));

test('the example of two pools routes each kind of task to a worker and a pool of its own', {
  timeout: 120_000,
}, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [example], { timeout: 110_000 });
  expect(stdout).toMatch(/50 tasks that wait, on green: .* run by io@[^ ,]+, in its process/);
  expect(stdout).toMatch(/50 tasks that compute, on prefork: .* run by cpu@[^ ,]+, in its children/);
});
