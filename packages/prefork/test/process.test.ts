import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it, vi } from 'vitest';
import { isAlive, newFolder, started, target, until } from './support.js';

it('children have a title, and no channel that a task could speak on', async () => {
  const pool = await started({ limit: 2, name: 'mail' });
  const ids = await Promise.all(
    [1, 2].map(() => pool.applyAsync<{ title: string; send: string }>(target('ids')).result),
  );
  for (const { title, send } of ids) {
    expect(title).toMatch(/^pool: mail:PreforkChild-[12]$/);
    expect(send).toBe('undefined');
  }
});

it('a SIGINT to a child changes nothing', async () => {
  const pool = await started();
  const accepted = new Promise<number>((resolve) => {
    pool.applyAsync(target('sleep'), [1e6], {}, { acceptCallback: resolve });
  });
  const pid = await accepted;
  process.kill(pid, 'SIGINT');
  expect(isAlive(pid)).toBe(true);
  expect(pool.info['processes']).toEqual([pid]);
});

/** What is written to this process's stdout meanwhile. */
async function printed(run: () => Promise<unknown>): Promise<string[]> {
  const written: string[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  try {
    await run();
  } finally {
    write.mockRestore();
  }
  return written;
}

it('what children print comes in whole lines that say who printed them', async () => {
  const written = await printed(async () => {
    const pool = await started({ output: 'prefix' });
    await pool.applyAsync(target('print'), ['one ']).result;
    await pool.applyAsync(target('print'), ['line\nand ü']).result;
    await pool.applyAsync(target('print'), ['nother\nno end']).result;
    await pool.stop();
  });
  expect(written.join('')).toBe(
    '[PreforkChild-1] one line\n[PreforkChild-1] and ünother\n[PreforkChild-1] no end\n',
  );
});

it('long lines are not broken, and all of them are there when the pool has stopped', async () => {
  const line = 'é'.repeat(1 << 20);
  const written = await printed(async () => {
    const pool = await started({ limit: 2, output: 'prefix' });
    const jobs = [1, 2, 3, 4].map(() => pool.applyAsync(target('print'), [`${line}\n`]));
    await Promise.all(jobs.map((job) => job.result));
    await pool.stop();
  });
  expect(written).toHaveLength(4);
  for (const text of written) expect(text.replace(/^\[PreforkChild-[12]\] /, '') === `${line}\n`).toBe(true);
});

it('what a job printed before it ended its process is not lost', async () => {
  const line = 'x'.repeat(1 << 20);
  const written = await printed(async () => {
    const pool = await started({ output: 'prefix' });
    await expect(pool.applyAsync(target('printAndExit'), [line]).result).rejects.toThrow('exit code 3');
    await pool.terminate();
  });
  expect(written.join('') === `[PreforkChild-1] ${line}\n`).toBe(true);
});

it('children end with the process of their pool, even in a busy loop', async () => {
  const parent = spawn(process.execPath, [fileURLToPath(new URL('./fixtures/parent.mjs', import.meta.url))], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const pids = JSON.parse(line.toString()) as number[];
  expect(pids.every(isAlive)).toBe(true);
  parent.kill('SIGKILL');
  await until(() => !pids.some(isAlive), 'both children are gone');
});

/** Runs a program that makes a pool, and gives back how it ended and what it printed. */
async function run(code: string, execArgv: string[] = []): Promise<{ exitCode: number; out: string }> {
  const child = spawn(process.execPath, [...execArgv, '--input-type=module', '-e', code], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  const [exitCode] = (await once(child, 'close')) as [number];
  return { exitCode, out };
}

const addsTwo = `
  import { PreforkPool } from '@pool/prefork';
  const pool = new PreforkPool({ limit: 1 });
  await pool.start();
  const value = await pool.applyAsync({ module: ${JSON.stringify(target('add').module)}, name: 'add' }, [1, 2]).result;
  console.log(value);
`;

it('a pool that has nothing to do does not keep its process alive', async () => {
  expect(await run(addsTwo)).toEqual({ exitCode: 0, out: '3\n' });
});

it('children do not get the options that are only this process’s own, nor their values', async () => {
  const options = ['--cpu-prof', '--cpu-prof-dir', newFolder(), '--cpu-prof-interval', '5000'];
  expect(await run(addsTwo, options)).toEqual({ exitCode: 0, out: '3\n' });
});

it.runIf(process.platform === 'linux')(
  'children do without their file when there is no room for it',
  async () => {
    const code = `
    import { PreforkPool } from '@pool/prefork';
    const pool = new PreforkPool({ limit: 1 });
    await pool.start();
    let lost = 0;
    pool.on('childLost', () => lost++);
    const target = { module: ${JSON.stringify(target('add').module)}, name: 'add' };
    let done = 0;
    for (let round = 0; round < 150; round++) {
      const jobs = Array.from({ length: 100 }, (_, i) => pool.applyAsync(target, [i, 1]).result);
      for (const { status } of await Promise.allSettled(jobs)) if (status === 'fulfilled') done++;
    }
    console.log(JSON.stringify({ lost, done }));
    await pool.stop();
  `;
    const limited = [
      '-c',
      'ulimit -f 8; exec "$0" "$@"',
      process.execPath,
      '--input-type=module',
      '-e',
      code,
    ];
    const parent = spawn('/bin/sh', limited, {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const { lost, done } = JSON.parse(line.toString()) as { lost: number; done: number };
    expect(lost).toBe(1);
    // What the one child ran when it was given up may be lost with it.
    expect(done).toBeGreaterThan(15_000 - 100);
  },
);
