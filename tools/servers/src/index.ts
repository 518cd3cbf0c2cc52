export { type Certificates, createCertificates } from './certificates.js';
export { ServerMissingError, ServerStartError } from './errors.js';
export { freePort } from './free-port.js';
export { python } from './python.js';
export { ensureRabbitmq, type RabbitmqOptions, type RabbitmqServer, startRabbitmq } from './rabbitmq.js';
export { type RabbitmqAddress, RabbitmqNode } from './rabbitmq-node.js';
export { ensureRedis, type RedisOptions, type RedisServer, startRedis } from './redis.js';
export { type RedisCluster, type RedisClusterOptions, startRedisCluster } from './redis-cluster.js';
export {
  type RedisSentinelGroup,
  type RedisSentinelOptions,
  type SentinelServer,
  startRedisSentinel,
} from './redis-sentinel.js';
export type { RunningServer } from './server.js';
export { type ServerName, type Servers, startServer } from './servers.js';
export { type SqsOptions, type SqsServer, startSqs } from './sqs.js';
export { TcpProxy } from './tcp-proxy.js';
export { ensureZookeeper, startZookeeper, type ZookeeperOptions, type ZookeeperServer } from './zookeeper.js';
