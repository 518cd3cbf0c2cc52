/**
 * ZooKeeper as a broker, with messages where Celery's transport library kombu has them.
 *
 * @packageDocumentation
 */
import { type BrokerUrl, parseBrokerUrls, type Transport } from '@pool/transport';
import type { ZookeeperTransportOptions } from './zookeeper-options.js';
import { ZookeeperTransport } from './zookeeper-transport.js';

export type { ZookeeperTransportOptions } from './zookeeper-options.js';

/**
 * Makes a transport, not yet connected. URLs: `zookeeper://host:port/vhost`; several name the servers of one ensemble.
 *
 * @throws InvalidBrokerUrlError
 */
export function createTransport(
  urls: BrokerUrl | string | readonly (BrokerUrl | string)[],
  options: ZookeeperTransportOptions = {},
): Transport {
  return new ZookeeperTransport(parseBrokerUrls(urls), options);
}

export default createTransport;
