import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { PoolStartError } from '@pool/core';
import { ThreadsPool } from '@pool/threads';
import { describe, expect, it } from 'vitest';
import { inheritedExecArgv } from '../src/inherited-exec-argv.js';
import { apply, started } from './started-pool.js';

const run = promisify(execFile);
const threads = import.meta.resolve('@pool/threads');
const tasks = new URL('fixtures/tasks.mjs', import.meta.url).href;

describe('starting threads', () => {
  it('works from a module on the command line', async () => {
    const code = `
      import { ThreadsPool } from '${threads}';
      const pool = new ThreadsPool({ limit: 1 });
      await pool.start();
      console.log(await pool.applyAsync({ module: '${tasks}', name: 'add' }, [2, 3]).result);
      await pool.stop();`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', code]);
    expect(stdout.trim()).toBe('5');
  });

  it('says why a thread did not come up', async () => {
    const pool = new ThreadsPool({ limit: 1, execArgv: ['--input-type=module'] });
    const error = await pool.start().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PoolStartError);
    expect((error as Error).message).toMatch(/--input-type/);
  });

  it.each([
    [['--expose-gc'], undefined],
    [['--input-type=module', '-e', 'code'], []],
    [
      ['--expose-gc', '--import', 'tsx', '--conditions=dev', '--input-type', 'module', '-e', 'code'],
      ['--import', 'tsx', '--conditions=dev'],
    ],
  ])('of %j passes on %j', (execArgv, expected) => {
    expect(inheritedExecArgv(execArgv)).toEqual(expected);
  });

  it.each([
    [undefined, { maxYoungGenerationSizeMb: 12 }],
    [{ maxOldGenerationSizeMb: 200 }, { maxYoungGenerationSizeMb: 12, maxOldGenerationSizeMb: 200 }],
    [{ maxYoungGenerationSizeMb: 24 }, { maxYoungGenerationSizeMb: 24 }],
  ])('given the limits %j has %j', async (resourceLimits, expected) => {
    const pool = await started({ resourceLimits });
    expect(await apply(pool, 'resourceLimits').result).toMatchObject(expected);
  });

  it("leaves the size of the young generation to Node's own option", async () => {
    const code = `
      import { ThreadsPool } from '${threads}';
      const pool = new ThreadsPool({ limit: 1 });
      await pool.start();
      console.log(await pool.applyAsync({ module: '${tasks}', name: 'youngGeneration' }).result);
      await pool.stop();`;
    const size = async (...options: string[]): Promise<number> =>
      Number((await run(process.execPath, [...options, '--input-type=module', '-e', code])).stdout);
    expect(await size()).toBeLessThan(10e6);
    expect(await size('--max-semi-space-size=32')).toBeGreaterThan(16e6);
  });
});
