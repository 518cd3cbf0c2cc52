import { freePort } from './free-port.js';
import { type RedisOptions, type RedisServer, startRedis } from './redis.js';
import { run } from './run.js';
import { startTogether } from './start-together.js';

/** How a Redis Cluster is set up. */
export interface RedisClusterOptions {
  /** Masters, among which the slots are shared; 3 by default, the fewest that a cluster can have. */
  masters?: number;
  /** Clients and nodes speak TLS, with one certificate for all nodes. */
  tls?: boolean;
  /** More users, on every node. */
  users?: RedisOptions['users'];
}

/** A running Redis Cluster. */
export class RedisCluster {
  readonly nodes: readonly RedisServer[];

  constructor(nodes: readonly RedisServer[]) {
    this.nodes = nodes;
  }

  /** The URL of each node. */
  get urls(): readonly string[] {
    return this.nodes.map((node) => node.url);
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** Starts a Redis Cluster; ready when every node knows who has which slot. */
export async function startRedisCluster(options: RedisClusterOptions = {}): Promise<RedisCluster> {
  const { masters = 3, tls, users = [] } = options;
  return await startTogether(async (start) => {
    const [first] = await start([startNode({ users, ...(tls ? { tls } : {}) })]);
    const rest: RedisOptions = { users, ...(first.tls ? { tls: first.tls } : {}) };
    const others = await start(Array.from({ length: masters - 1 }, () => startNode(rest)));
    const nodes = [first, ...others];
    const addresses = nodes.map((node) => `${node.host}:${node.port}`);
    const trust = first.tls ? ['--tls', '--cacert', first.tls.ca] : [];
    await run('redis-cli', [...trust, '--cluster', 'create', ...addresses, '--cluster-yes']);
    await Promise.all(nodes.map((node) => node.printed(/Cluster state changed: ok/)));
    return new RedisCluster(nodes);
  });
}

async function startNode(options: RedisOptions): Promise<RedisServer> {
  const args = ['--cluster-enabled', 'yes', '--cluster-port', String(await freePort())];
  if (options.tls) args.push('--tls-cluster', 'yes');
  return await startRedis({ ...options, args });
}
