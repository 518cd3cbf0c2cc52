import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pool-create-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function create(...args: string[]): { status: number | null; output: string } {
  const bin = join(import.meta.dirname, '../dist/bin.js');
  const run = spawnSync(process.execPath, [bin, ...args], { cwd: folder, encoding: 'utf8' });
  return { status: run.status, output: run.stdout + run.stderr };
}

describe('the command', () => {
  test('makes a package in a folder named after it and says how to go on', () => {
    const { status, output } = create('pool', '@acme/pool-lanes');
    expect(output).toContain('cd pool-lanes');
    expect(status).toBe(0);
    expect(existsSync(join(folder, 'pool-lanes/src/lanes-pool.ts'))).toBe(true);
  });

  test('makes it in a folder of the user', () => {
    expect(create('transport', 'nats', 'here').status).toBe(0);
    expect(existsSync(join(folder, 'here/src/nats-transport.ts'))).toBe(true);
  });

  test('prints how it is used when asked', () => {
    expect(create('--help')).toEqual({
      status: 0,
      output: expect.stringContaining('Usage: npm create @pool'),
    });
  });

  test.each([
    [[], 'say what to make, pool or transport, not nothing'],
    [['broker'], 'say what to make, pool or transport, not broker'],
    [['pool'], 'say the name of the package'],
    [['pool', 'a', 'b', 'c'], 'too many arguments: c'],
    [['pool', 'Upper'], '"Upper" is no name for a package'],
    [['--loud'], 'Unknown option'],
  ])('refuses %j', (args, message) => {
    const { status, output } = create(...args);
    expect(output).toContain(message);
    expect(status).toBe(1);
  });
});
