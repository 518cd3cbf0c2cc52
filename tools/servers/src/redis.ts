import { join } from 'node:path';
import { type Certificates, createCertificates } from './certificates.js';
import { findCommand, findOrInstall } from './install.js';
import { run } from './run.js';
import { OneProcessServer } from './server.js';
import { ServerProcess } from './server-process.js';

/** How a Redis server is set up. */
export interface RedisOptions {
  /** The port to use; a free one by default. */
  port?: number;
  /** Asks clients for this password. */
  password?: string;
  /** More users, each allowed everything unless `rules` (as in ACL SETUSER) say otherwise. */
  users?: readonly { name: string; password: string; rules?: string }[];
  /** Speaks TLS only, with a certificate for localhost and 127.0.0.1: one of its own, or this one. */
  tls?: boolean | Certificates;
  /** Keeps every write over a crash (appendonly, fsync always). */
  persistent?: boolean;
  /** More arguments for redis-server, e.g. `['--maxmemory', '1mb']`. */
  args?: readonly string[];
}

/** A running Redis server. */
export class RedisServer extends OneProcessServer {
  readonly password: string | undefined;
  /** The files of its certificate, when it speaks TLS. */
  readonly tls: Certificates | undefined;

  constructor(process: ServerProcess, password: string | undefined, tls: Certificates | undefined) {
    super(process);
    this.password = password;
    this.tls = tls;
  }

  /** `redis://` or `rediss://`, with the password of the default user. */
  get url(): string {
    return this.urlFor(undefined, this.password);
  }

  /** The URL with other credentials, e.g. those of one of `users`. */
  urlFor(user: string | undefined, password: string | undefined): string {
    const login =
      password === undefined ? '' : `${encodeURIComponent(user ?? '')}:${encodeURIComponent(password)}@`;
    return `${this.tls ? 'rediss' : 'redis'}://${login}${this.host}:${this.port}/0`;
  }

  /** The path of its unix socket, which it always has unless it speaks TLS. */
  get socketPath(): string {
    return join(this.process.folder, 'redis.sock');
  }

  /** Runs a command with redis-cli and gives what it prints. */
  async command(...words: readonly string[]): Promise<string> {
    const login = this.password === undefined ? [] : ['--no-auth-warning', '-a', this.password];
    const tls = this.tls ? ['--tls', '--cacert', this.tls.ca] : [];
    return (
      await run('redis-cli', ['-h', this.host, '-p', String(this.port), ...login, ...tls, ...words])
    ).trim();
  }
}

/** Finds redis-server and redis-cli, or installs them. */
export async function ensureRedis(): Promise<string> {
  return await findOrInstall(
    'redis-server',
    ['redis-server', 'redis-tools'],
    () => findCommand('redis-cli') && findCommand('redis-server'),
  );
}

/** Starts a Redis server on a free port of 127.0.0.1. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const file = await ensureRedis();
  let tls = typeof options.tls === 'object' ? options.tls : undefined;
  const process = await ServerProcess.start({
    name: 'redis',
    port: options.port,
    async command(port, folder) {
      if (options.tls) tls ??= await createCertificates(folder);
      return {
        file,
        args: redisArguments(port, folder, options, tls),
        ready: /Ready to accept connections/,
      };
    },
  });
  return new RedisServer(process, options.password, tls);
}

function redisArguments(
  port: number,
  folder: string,
  options: RedisOptions,
  tls: Certificates | undefined,
): readonly string[] {
  const args = [
    '--bind',
    '127.0.0.1',
    '--dir',
    folder,
    '--save',
    '',
    '--unixsocket',
    join(folder, 'redis.sock'),
  ];
  args.push('--appendonly', options.persistent ? 'yes' : 'no', '--appendfsync', 'always');
  if (tls) {
    args.push('--port', '0', '--tls-port', String(port), '--tls-auth-clients', 'no');
    args.push('--tls-ca-cert-file', tls.ca, '--tls-cert-file', tls.cert, '--tls-key-file', tls.key);
  } else {
    args.push('--port', String(port));
  }
  if (options.password !== undefined) args.push('--requirepass', options.password);
  for (const { name, password, rules } of options.users ?? []) {
    args.push('--user', name, 'on', `>${password}`, ...(rules ?? '~* &* +@all').split(' '));
  }
  return [...args, ...(options.args ?? [])];
}
