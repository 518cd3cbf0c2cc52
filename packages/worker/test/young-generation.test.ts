import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const run = promisify(execFile);
const module = new URL('../dist/cli/young-generation.js', import.meta.url);

/** How many MB the space for new objects of a busy process grew to. */
async function grownTo(options: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<number> {
  const code = `
    import { getHeapSpaceStatistics } from 'node:v8';
    import { boundYoungGeneration } from '${module}';
    boundYoungGeneration();
    const kept = [];
    for (let i = 0; i < 200; i++) {
      kept[i % 4] = Array.from({ length: 20_000 }, (_, j) => ({ j, list: [j] }));
      await new Promise((resolve) => setImmediate(resolve));
    }
    console.log(getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').space_size);`;
  const args = [...options, '--input-type=module', '-e', code];
  const { stdout } = await run(process.execPath, args, { env: { ...process.env, ...env } });
  return Number(stdout) / 2 ** 20;
}

describe('the space for new objects of a process that only hands tasks on', () => {
  it('grows to 16 MB and no further', async () => {
    const size = await grownTo([]);
    expect(size).toBeGreaterThan(8);
    expect(size).toBeLessThan(18);
  });

  it.each([
    [['--max-semi-space-size=16'], {}],
    [[], { NODE_OPTIONS: '--max-semi-space-size=16' }],
  ])('is left to whoever sized it: %j %j', async (options, env) => {
    expect(await grownTo(options, env)).toBeGreaterThan(24);
  });
});
