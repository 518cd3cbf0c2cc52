import assert from 'node:assert/strict';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Describe, It } from '../pool/runner.js';

/** What {@link packageConformance} is told. */
export interface PackageConformanceOptions {
  describe: Describe;
  it: It;
  /** The folder of the package, as a path or `file:` URL; its code must be built. */
  folder: string | URL;
  /** The package of the contract that it implements. @default '@pool/core' */
  contract?: string | undefined;
}

interface Manifest {
  readonly name?: string;
  readonly type?: string;
  readonly exports?: Exports;
  readonly files?: readonly string[];
  readonly engines?: { readonly node?: string };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
}

type Exports = string | null | { readonly [key: string]: Exports };

/** Runs on the machine of whoever installs the package. */
const installScripts = ['preinstall', 'install', 'postinstall'];

/** Defines tests of the manifest of a package that implements one of the contracts, and of the files it names. */
export function packageConformance(options: PackageConformanceOptions): void {
  const { describe, it, contract = '@pool/core' } = options;
  const folder =
    options.folder instanceof URL || options.folder.startsWith('file:')
      ? fileURLToPath(options.folder)
      : options.folder;
  const read = async (): Promise<Manifest> =>
    JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest;
  const test = (title: string, body: (manifest: Manifest) => Promise<void> | void): void => {
    it(title, { timeout: 30_000 }, async () => body(await read()));
  };

  describe('package conformance', () => {
    test('it is an ES module', ({ type }) => {
      assert.equal(type, 'module');
    });

    test('it exports by a map, and every file of the map is there', async ({ exports }) => {
      assert.ok(typeof exports === 'object' && exports !== null, 'package.json has exports');
      const files = filesOf(exports);
      assert.ok(files.length > 0, 'the map names files');
      for (const file of files.filter((name) => !name.includes('*'))) await access(join(folder, file));
    });

    test('its entries have types', ({ exports = null }) => {
      for (const [path, entry] of entriesOf(exports)) {
        assert.ok(typeof entry === 'object' && entry !== null, `${path} has conditions`);
        assert.equal(Object.keys(entry)[0], 'types', `${path} has types, and first, or they are not found`);
      }
    });

    test('it says which files are packed', ({ files }) => {
      assert.ok(files !== undefined && files.length > 0, 'package.json has files');
    });

    test('it says which Nodes it runs on', ({ engines }) => {
      assert.equal(typeof engines?.node, 'string', 'package.json has engines.node');
    });

    test(`it depends on ${contract} by a range`, ({ dependencies, peerDependencies }) => {
      const range = dependencies?.[contract] ?? peerDependencies?.[contract];
      assert.ok(range !== undefined, `${contract} is a dependency or a peer dependency`);
      assert.match(range, /^[\^~>*]|^workspace:/, 'an exact version would bring a second copy along');
    });

    test('it runs nothing when it is installed', ({ scripts = {} }) => {
      for (const name of installScripts) assert.ok(!(name in scripts), `no script ${name}`);
    });
  });
}

/** The code that a map exports, by subpath. */
function entriesOf(exports: Exports): [path: string, entry: Exports][] {
  const bySubpath =
    typeof exports === 'object' && exports !== null && Object.keys(exports)[0]?.startsWith('.');
  if (!bySubpath) return [['.', exports]];
  return Object.entries(exports).filter(([path]) => !path.endsWith('.json'));
}

function filesOf(exports: Exports): string[] {
  if (exports === null) return [];
  if (typeof exports === 'string') return [exports];
  return Object.values(exports).flatMap(filesOf);
}
