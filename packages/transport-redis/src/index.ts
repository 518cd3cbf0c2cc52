/**
 * Redis as a broker, in the layout that Celery's transport library kombu uses.
 *
 * @packageDocumentation
 */
import { assertKnownOptions } from '@pool/message';
import { type BrokerUrl, parseBrokerUrls, type Transport } from '@pool/transport';
import { REDIS_TRANSPORT_OPTION_NAMES, type RedisTransportOptions } from './redis-options.js';
import { RedisTransport } from './redis-transport.js';

export type { RedisTransportOptions } from './redis-options.js';

/**
 * Makes a transport, not yet connected. URLs: `redis://user:password@host:port/db`, `rediss://` with TLS,
 * `redis+socket:///path?virtual_host=db`, `sentinel://host:port;sentinel://host:port` with the option `masterName`.
 *
 * @throws InvalidBrokerUrlError
 * @throws {TypeError} an option is unknown or wrong
 */
export function createTransport(
  urls: BrokerUrl | string | readonly (BrokerUrl | string)[],
  options: RedisTransportOptions = {},
): Transport {
  assertKnownOptions('the Redis transport', options, REDIS_TRANSPORT_OPTION_NAMES);
  return new RedisTransport(parseBrokerUrls(urls), options);
}

export default createTransport;
