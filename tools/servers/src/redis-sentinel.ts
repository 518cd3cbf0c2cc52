import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Certificates } from './certificates.js';
import { ensureRedis, type RedisOptions, type RedisServer, startRedis } from './redis.js';
import { OneProcessServer } from './server.js';
import { ServerProcess } from './server-process.js';
import { startTogether } from './start-together.js';

/** How a group of Redis servers under sentinels is set up. */
export interface RedisSentinelOptions {
  /** Followers of the master; 1 by default. */
  replicas?: number;
  /** Sentinels, more than half of which must agree before a replica takes over; 3 by default. */
  sentinels?: number;
  /** Seconds without an answer after which a sentinel takes a server for dead; 0.5 by default. */
  downAfter?: number;
  /** Clients, servers and sentinels speak TLS, with one certificate for all. */
  tls?: boolean;
  /** More users of the servers. */
  users?: RedisOptions['users'];
  /** Sentinels ask clients, and each other, for this password. */
  sentinelPassword?: string;
}

/** One running sentinel. */
export class SentinelServer extends OneProcessServer {
  get url(): string {
    return `sentinel://${this.host}:${this.port}`;
  }
}

/** A master, its replicas and their sentinels. Kill the master, and some replica is promoted within seconds. */
export class RedisSentinelGroup {
  /** What the sentinels call the master. */
  readonly masterName: string = 'mymaster';
  /** The server that was master at the start. */
  readonly master: RedisServer;
  readonly replicas: readonly RedisServer[];
  readonly sentinels: readonly SentinelServer[];

  constructor(master: RedisServer, replicas: readonly RedisServer[], sentinels: readonly SentinelServer[]) {
    this.master = master;
    this.replicas = replicas;
    this.sentinels = sentinels;
  }

  /** A broker URL as Celery writes it: all sentinels, separated by semicolons. */
  get url(): string {
    return this.sentinels.map((sentinel) => sentinel.url).join(';');
  }

  async stop(): Promise<void> {
    await Promise.all([...this.sentinels, ...this.replicas, this.master].map((server) => server.stop()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** Starts a master, replicas and sentinels; ready when a failover would succeed. */
export async function startRedisSentinel(options: RedisSentinelOptions = {}): Promise<RedisSentinelGroup> {
  const count = options.sentinels ?? 3;
  const quorum = Math.floor(count / 2) + 1;
  const { users = [] } = options;
  const encrypted = options.tls ? ['--tls-replication', 'yes'] : [];
  // A master waits 5 s for more replicas to come before it copies its data to the first.
  const atOnce = ['--repl-diskless-sync-delay', '0'];
  return await startTogether(async (start) => {
    const [master] = await start([
      startRedis({ users, ...(options.tls ? { tls: true } : {}), args: [...encrypted, ...atOnce] }),
    ]);
    const { tls } = master;
    const follow = ['--replicaof', master.host, String(master.port), ...encrypted];
    const replicas = await start(
      Array.from({ length: options.replicas ?? 1 }, () =>
        startRedis({ users, ...(tls ? { tls } : {}), args: follow }),
      ),
    );
    await Promise.all(
      replicas.map((replica) => replica.printed(/MASTER <-> REPLICA sync: Finished with success/)),
    );
    const sentinels = await start(
      Array.from({ length: count }, () =>
        startSentinel(master, quorum, options.downAfter ?? 0.5, options.sentinelPassword),
      ),
    );
    // A sentinel prints when it finds a replica and when it finds another sentinel.
    for (const sentinel of sentinels) {
      for (const replica of replicas)
        await sentinel.printed(new RegExp(`\\+slave slave .*:${replica.port} `));
      for (const other of sentinels) {
        if (other !== sentinel)
          await sentinel.printed(new RegExp(`\\+sentinel sentinel \\w+ \\S+ ${other.port} `));
      }
    }
    return new RedisSentinelGroup(master, replicas, sentinels);
  });
}

async function startSentinel(
  master: RedisServer,
  quorum: number,
  downAfter: number,
  password: string | undefined,
): Promise<SentinelServer> {
  const file = await ensureRedis();
  const process = await ServerProcess.start({
    name: 'sentinel',
    async command(port, folder) {
      // A sentinel keeps its state in its configuration file, so it needs one of its own.
      const config = join(folder, 'sentinel.conf');
      await writeFile(
        config,
        [
          ...(master.tls ? tlsLines(port, master.tls) : [`port ${port}`]),
          ...(password === undefined ? [] : [`requirepass ${password}`]),
          'bind 127.0.0.1',
          `dir ${folder}`,
          `sentinel monitor mymaster ${master.host} ${master.port} ${quorum}`,
          `sentinel down-after-milliseconds mymaster ${Math.round(downAfter * 1000)}`,
          'sentinel failover-timeout mymaster 5000',
          '',
        ].join('\n'),
        { flag: 'wx' },
      ).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
      });
      return { file, args: [config, '--sentinel'], ready: /\+monitor master mymaster/ };
    },
  });
  return new SentinelServer(process);
}

function tlsLines(port: number, { ca, cert, key }: Certificates): string[] {
  return [
    'port 0',
    `tls-port ${port}`,
    `tls-ca-cert-file ${ca}`,
    `tls-cert-file ${cert}`,
    `tls-key-file ${key}`,
    'tls-auth-clients no',
    'tls-replication yes',
  ];
}
