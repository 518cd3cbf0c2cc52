import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const fixture = fileURLToPath(new URL('fixtures/stray-errors.mjs', import.meta.url));

async function run(...args: string[]) {
  const child = spawn(process.execPath, [fixture, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { lines: stdout.trim().split('\n').sort(), stderr, code };
}

describe('errors thrown where nobody can catch them, in a pool that follows its jobs', () => {
  it('fail the jobs that threw them', async () => {
    const { lines, code } = await run();
    expect(lines).toEqual(['nobody: the pool was terminated', 'rejection: unheard', 'timer: in a timer']);
    expect(code).toBe(0);
  });

  it('end the process as ever when no job threw them', async () => {
    const { stderr, code } = await run('crash');
    expect(stderr).toMatch(/Error: of nobody\n {4}at /);
    expect(code).toBe(1);
  });
});
