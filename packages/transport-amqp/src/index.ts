/**
 * RabbitMQ as a broker, with exchanges and queues declared as Celery declares them.
 *
 * @packageDocumentation
 */
import { assertKnownOptions } from '@pool/message';
import { type BrokerUrl, parseBrokerUrls, type Transport } from '@pool/transport';
import { AMQP_TRANSPORT_OPTION_NAMES, type AmqpTransportOptions } from './amqp-options.js';
import { AmqpTransport } from './amqp-transport.js';

export type { AmqpTransportOptions } from './amqp-options.js';

/**
 * Makes a transport, not yet connected. URLs: `amqp://user:password@host:port/vhost`, `amqps://` with TLS; several of
 * them are tried in turn.
 *
 * @throws InvalidBrokerUrlError
 * @throws {TypeError} an option is unknown
 */
export function createTransport(
  urls: BrokerUrl | string | readonly (BrokerUrl | string)[],
  options: AmqpTransportOptions = {},
): Transport {
  assertKnownOptions('the AMQP transport', options, AMQP_TRANSPORT_OPTION_NAMES);
  return new AmqpTransport(parseBrokerUrls(urls), options);
}

export default createTransport;
