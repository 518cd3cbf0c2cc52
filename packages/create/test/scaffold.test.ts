import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nameOf, scaffold } from '@pool/create';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { versions } from '../src/versions.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pool-create-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('nameOf', () => {
  test.each([
    ['pool', '@acme/pool-lanes', 'lanes', 'LanesPool', 'lanes-pool'],
    ['pool', 'fast-lanes-pool', 'fast-lanes', 'FastLanesPool', 'fast-lanes-pool'],
    ['transport', '@acme/pool-transport-nats', 'nats', 'NatsTransport', 'nats-transport'],
  ] as const)('derives the names of a %s from %s', (kind, packageName, stem, className, file) => {
    expect(nameOf(kind, packageName)).toEqual({ packageName, stem, className, file });
  });

  test.each(['Pool', '@acme', '../up', 'a b', '@acme/', 'pool', '@acme/transport', '@acme/1-2', ''])(
    'refuses %j',
    (name) => {
      expect(() => nameOf('pool', name)).toThrow(expect.objectContaining({ code: 'ERR_POOL_SCAFFOLD' }));
    },
  );
});

describe('scaffold', () => {
  test.each(['pool', 'transport'] as const)('writes a %s without a name left open', async (kind) => {
    const target = join(folder, 'new');
    const files = await scaffold({ kind, name: '@acme/pool-lanes', folder: target });
    expect(files).toEqual(
      expect.arrayContaining(['README.md', 'package.json', `src/lanes-${kind}.ts`, 'src/index.ts']),
    );
    for (const file of files) {
      const text = readFileSync(join(target, file), 'utf8');
      expect(`${file}: ${text}`).not.toMatch(/__\w+__/);
    }
  });

  test('takes an empty folder and refuses one that has files', async () => {
    await scaffold({ kind: 'pool', name: 'lanes', folder });
    writeFileSync(join(folder, 'README.md'), 'mine');
    const again = scaffold({ kind: 'pool', name: 'lanes', folder });
    await expect(again).rejects.toMatchObject({ code: 'ERR_POOL_SCAFFOLD' });
    expect(readFileSync(join(folder, 'README.md'), 'utf8')).toBe('mine');
  });

  test('writes nothing for a name that npm would refuse', async () => {
    const target = join(folder, 'new');
    await expect(scaffold({ kind: 'pool', name: 'No Name', folder: target })).rejects.toThrow('no name');
    expect(existsSync(target)).toBe(false);
  });

  test('starts with the versions of this repository', () => {
    for (const [name, version] of Object.entries(versions)) {
      const manifest = join(import.meta.dirname, '../..', name.slice('@pool/'.length), 'package.json');
      expect([name, version]).toEqual([name, JSON.parse(readFileSync(manifest, 'utf8')).version]);
    }
  });
});
