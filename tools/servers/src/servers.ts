import { type RabbitmqOptions, type RabbitmqServer, startRabbitmq } from './rabbitmq.js';
import { type RedisOptions, type RedisServer, startRedis } from './redis.js';
import { type RedisCluster, type RedisClusterOptions, startRedisCluster } from './redis-cluster.js';
import { type RedisSentinelGroup, type RedisSentinelOptions, startRedisSentinel } from './redis-sentinel.js';
import { type SqsOptions, type SqsServer, startSqs } from './sqs.js';
import { startZookeeper, type ZookeeperOptions, type ZookeeperServer } from './zookeeper.js';

/** What each kind of server takes and gives. */
export interface Servers {
  redis: { options: RedisOptions; server: RedisServer };
  'redis-sentinel': { options: RedisSentinelOptions; server: RedisSentinelGroup };
  'redis-cluster': { options: RedisClusterOptions; server: RedisCluster };
  rabbitmq: { options: RabbitmqOptions; server: RabbitmqServer };
  zookeeper: { options: ZookeeperOptions; server: ZookeeperServer };
  sqs: { options: SqsOptions; server: SqsServer };
}

export type ServerName = keyof Servers;

const launchers: {
  [Name in ServerName]: (options?: Servers[Name]['options']) => Promise<Servers[Name]['server']>;
} = {
  redis: startRedis,
  'redis-sentinel': startRedisSentinel,
  'redis-cluster': startRedisCluster,
  rabbitmq: startRabbitmq,
  zookeeper: startZookeeper,
  sqs: startSqs,
};

/** Starts a server by name. */
export async function startServer<Name extends ServerName>(
  name: Name,
  options?: Servers[Name]['options'],
): Promise<Servers[Name]['server']> {
  return await launchers[name](options);
}
