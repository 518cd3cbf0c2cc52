import type { Kind } from './kinds.js';
import type { ScaffoldNames } from './names.js';
import { versions } from './versions.js';

const contracts: Readonly<Record<Kind, readonly string[]>> = {
  pool: ['@pool/core'],
  transport: ['@pool/message', '@pool/transport'],
};

/** The package.json of a new package. */
export function manifest(kind: Kind, { packageName, stem }: ScaffoldNames): Record<string, unknown> {
  return {
    name: packageName,
    version: '0.1.0',
    description: kind === 'pool' ? `The ${stem} pool for Pool.` : `${stem} as a broker for Pool.`,
    type: 'module',
    sideEffects: false,
    engines: { node: '>=20.19.0' },
    exports: {
      '.': { types: './dist/index.d.ts', default: './dist/index.js' },
      './package.json': './package.json',
    },
    files: ['dist', 'src'],
    scripts: {
      build: 'tsc',
      test: 'node --test test/conformance.test.js',
      prepublishOnly: 'npm run build && npm test',
    },
    dependencies: ranges(contracts[kind]),
    devDependencies: { ...ranges(['@pool/testkit']), '@types/node': '^20.19.0', typescript: '^7.0.2' },
  };
}

function ranges(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, `^${versions[name]}`]));
}
