import { freePort } from './free-port.js';
import { type RedisServer, startRedis } from './redis.js';
import { run } from './run.js';
import { startTogether } from './start-together.js';

/** How a Redis Cluster is set up. */
export interface RedisClusterOptions {
  /** Masters, among which the slots are shared; 3 by default, the fewest that a cluster can have. */
  masters?: number;
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
  return await startTogether(async (start) => {
    const nodes = await start(Array.from({ length: options.masters ?? 3 }, startNode));
    const addresses = nodes.map((node) => `${node.host}:${node.port}`);
    await run('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-yes']);
    await Promise.all(nodes.map((node) => node.printed(/Cluster state changed: ok/)));
    return new RedisCluster(nodes);
  });
}

async function startNode(): Promise<RedisServer> {
  const busPort = await freePort();
  return await startRedis({ args: ['--cluster-enabled', 'yes', '--cluster-port', String(busPort)] });
}
