import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listFiles } from '../src/list-files.mjs';

/** @type {string} */
let folder;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pool-files-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('lists regular files at any depth, without what tools make or download', async () => {
  for (const name of ['a/b', 'a/node_modules/x', '.git', 'dist'])
    mkdirSync(join(folder, name), { recursive: true });
  for (const name of ['z.txt', 'a/b/c.txt', 'a/node_modules/x/y.js', '.git/HEAD', 'dist/d.js']) {
    writeFileSync(join(folder, name), '');
  }
  symlinkSync('z.txt', join(folder, 'link'));
  expect(await listFiles(folder)).toEqual([join(folder, 'a/b/c.txt'), join(folder, 'z.txt')]);
});
