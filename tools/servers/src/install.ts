import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ServerMissingError } from './errors.js';

/** The path of a command on PATH, or nothing. */
export function findCommand(name: string): string | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // not here
    }
  }
  return undefined;
}

/**
 * Finds something, or installs Debian packages and finds it then.
 * @param what For the error, in words.
 * @param packages The Debian packages that bring it.
 * @param find Says where it is, or nothing.
 * @throws ServerMissingError when it is neither there nor can be installed.
 */
export async function findOrInstall<T>(
  what: string,
  packages: readonly string[],
  find: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  const found = await find();
  if (found !== undefined) return found;
  const obstacle = installObstacle();
  const command = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  if (obstacle !== undefined) {
    throw new ServerMissingError(
      `${what} is not on this machine and ${obstacle}; install it, e.g. with \`${command}\``,
    );
  }
  console.error(`${what} is not on this machine; installing ${packages.join(' ')}`);
  const failure = await installPackages(packages);
  const installed = await find();
  if (installed !== undefined) return installed;
  throw new ServerMissingError(
    `${what} is not on this machine and \`${command}\` failed:\n${failure ?? 'not found after it'}`,
  );
}

function installObstacle(): string | undefined {
  if (process.env['POOL_SERVERS_INSTALL'] === 'never')
    return 'POOL_SERVERS_INSTALL=never forbids to install it';
  if (process.platform !== 'linux' || !existsSync('/usr/bin/apt-get'))
    return 'there is no apt-get to install it with';
  if (process.getuid?.() !== 0) return 'only root can install it';
  return undefined;
}

async function installPackages(packages: readonly string[]): Promise<string | undefined> {
  // Another test process may be installing at this moment: apt waits for it, and finds the work done.
  const lock = ['-o', 'DPkg::Lock::Timeout=600'];
  const install = () => aptGet([...lock, 'install', '-y', '--no-install-recommends', ...packages]);
  // The package lists of a fresh machine are empty or old.
  if ((await install()) === undefined) return undefined;
  return (await aptGet([...lock, 'update'])) ?? (await install());
}

/** Runs apt-get, where RUNLEVEL keeps it from starting the service; gives nothing on success, its output on failure. */
function aptGet(args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn('apt-get', args, {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (chunk: string) => {
        output = (output + chunk).slice(-4000);
      });
    }
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code) => resolve(code === 0 ? undefined : output));
  });
}
