import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const MAIN = join(import.meta.dirname, '../src/main.mjs');

/** @type {string} */
let scratch;
/** @type {string} */
let temp;
/** @type {string} */
let folder;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'pool-main-'));
  temp = join(scratch, 'temp');
  folder = join(scratch, 'folder');
  mkdirSync(temp);
  mkdirSync(folder);
});
afterEach(() => rmSync(scratch, { recursive: true, force: true }));

/** @param {string[]} args */
function startMain(...args) {
  const child = spawn(process.execPath, [MAIN, ...args, folder], { env: { ...process.env, TMPDIR: temp } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  const closed = once(child, 'close').then(([code]) => ({ code, output }));
  return { child, closed };
}

/** @param {number} count */
function writeFiles(count) {
  for (let index = 0; index < count; index += 1) {
    writeFileSync(join(folder, `file-${index}.txt`), `${index} `.repeat(1000 + index));
  }
}

describe('the main job', { timeout: 120_000 }, () => {
  test('packs every file in processes of the prefork pool', async () => {
    writeFiles(30);
    const text = '29 '.repeat(1029);
    const { code, output } = await startMain('--pool', 'prefork', '--concurrency', '2').closed;
    expect(output).toMatch(/prefork: 30 files in [\d.]+ s on [12] process/);
    expect(output).toContain(createHash('sha256').update(text).digest('hex').slice(0, 12));
    expect(output).toContain('prefork: 30 of 30 files');
    expect(code).toBe(0);
    expect(readdirSync(temp)).toEqual([]);
  });

  test('compares all pools on the same files', async () => {
    writeFiles(12);
    const { code, output } = await startMain('--pool', 'all').closed;
    for (const pool of ['prefork', 'threads', 'green', 'solo']) {
      expect(output).toMatch(new RegExp(`${pool}: 12 files in `));
      expect(output).toMatch(new RegExp(`│ ${pool} +│ +\\d+ │ +12 │ +0 │`));
    }
    expect(code).toBe(0);
  });

  test('says which file failed and why, and exits with 1', async () => {
    writeFiles(3);
    const large = join(folder, 'large');
    writeFileSync(large, '');
    // More than Node reads at once, and nothing on the disk.
    truncateSync(large, 3 * 1024 ** 3);
    const { code, output } = await startMain('--pool', 'solo').closed;
    expect(output).toMatch(new RegExp(`FAILED: ${large}: .*2 GiB`));
    expect(output).toMatch(/solo: 4 files .* 1 FAILED/);
    expect(code).toBe(1);
  });

  test('ends the worker and removes its files when it is interrupted', async () => {
    writeFiles(3000);
    const { child, closed } = startMain('--pool', 'prefork');
    await once(child.stderr, 'data');
    child.kill('SIGINT');
    const { code } = await closed;
    expect(code).toBe(130);
    expect(readdirSync(temp)).toEqual([]);
  });

  test('refuses a folder without files', async () => {
    const { code, output } = await startMain('--pool', 'solo').closed;
    expect(code).toBe(1);
    expect(output).toContain(`${folder} has no files`);
  });
});
