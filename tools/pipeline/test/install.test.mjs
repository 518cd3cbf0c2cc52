import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isInstalled } from '../src/install.mjs';

/** @type {string} */
let root;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'pool-install-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const wanted = {
  '': { name: 'root' },
  'packages/a': { version: '0.1.0' },
  'node_modules/@pool/a': { link: true },
  'node_modules/b': { version: '1.0.0', integrity: 'sha512-b' },
  'node_modules/c': { version: '1.0.0', integrity: 'sha512-c', optional: true },
};

/** @param {object} present */
function installed(present) {
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages: wanted }));
  mkdirSync(join(root, 'node_modules'));
  writeFileSync(join(root, 'node_modules/.package-lock.json'), JSON.stringify({ packages: present }));
  return isInstalled(root);
}

describe('isInstalled', () => {
  const { '': _, 'packages/a': __, 'node_modules/c': ___, ...here } = wanted;

  test('is so when all but what is for other machines is there', () => {
    expect(installed(here)).toBe(true);
  });
  test('is not so without node_modules', () => {
    expect(isInstalled(root)).toBe(false);
  });
  test('is not so when a package is missing', () => {
    const { 'node_modules/b': ____, ...less } = here;
    expect(installed(less)).toBe(false);
  });
  test('is not so when a package has another version', () => {
    expect(installed({ ...here, 'node_modules/b': { version: '0.9.0', integrity: 'sha512-b' } })).toBe(false);
  });
  test('is not so when a new workspace is not linked', () => {
    const { 'node_modules/@pool/a': ____, ...less } = here;
    expect(installed(less)).toBe(false);
  });
});
