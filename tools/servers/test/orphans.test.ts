import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ask } from './ask.js';
import { isRunning, until } from './processes.js';

let temp: string;
beforeEach(() => {
  temp = mkdtempSync(join(tmpdir(), 'pool-orphans-'));
});
afterEach(() => rmSync(temp, { recursive: true, force: true }));

/** Starts a process that starts servers, all files of which go to `temp`. */
async function startOwner(mode: 'wait' | 'leave') {
  const owner = spawn(process.execPath, [join(import.meta.dirname, 'fixtures/owner.mjs'), mode], {
    env: { ...process.env, TMPDIR: temp },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(owner, 'exit');
  const [line] = await once(owner.stdout, 'data');
  const { pids, ports } = JSON.parse(String(line)) as { pids: number[]; ports: number[] };
  return { owner, exit, pids, ports };
}

async function expectNothingLeft(pids: number[], ports: number[]) {
  await until(() => !pids.some(isRunning), 'the servers have ended');
  await until(() => readdirSync(temp).length === 0, 'their folders are gone');
  // The threads of a process may hold its socket a moment longer than it is seen to run.
  const answer = (port: number): Promise<string> => ask(port, '').then(() => 'an answer', String);
  for (const port of ports) await expect.poll(() => answer(port)).toContain('ECONNREFUSED');
}

describe('no server or file is left', () => {
  test('when the process that started them is killed', async () => {
    const { owner, exit, pids, ports } = await startOwner('wait');
    expect(pids.every(isRunning)).toBe(true);
    expect(readdirSync(temp).length).toBeGreaterThanOrEqual(pids.length);
    owner.kill('SIGKILL');
    await exit;
    await expectNothingLeft(pids, ports);
  });

  test('when the process that started them forgets to stop them', async () => {
    const { exit, pids, ports } = await startOwner('leave');
    expect((await exit)[0]).toBe(0);
    await expectNothingLeft(pids, ports);
  });
});
