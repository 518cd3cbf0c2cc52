import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The pools of npm that are measured, at the versions that were the newest when this was written. */
export const versions = {
  'jest-worker': '30.5.1',
  piscina: '5.3.2',
  poolifier: '5.3.2',
  tinypool: '2.2.0',
  workerpool: '10.0.3',
};

/**
 * Installs the peers, once for each set of versions, outside of the repository: nobody who only works on the pools has
 * to have them.
 *
 * @param {Record<string, string>} wanted versions by name
 * @returns {NodeJS.Require} resolves the peers
 */
export function installPeers(wanted = versions) {
  const key = Object.entries(wanted)
    .map(([name, version]) => `${name}-${version}`)
    .join('_');
  const folder = join(tmpdir(), 'pool-bench', key);
  const require = createRequire(join(folder, 'package.json'));
  if (!existsSync(join(folder, 'node_modules', '.package-lock.json'))) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies: wanted }));
    console.error('installing the peers …');
    execFileSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts'], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }
  return require;
}
