/**
 * Amazon SQS as a broker, with messages as Celery's transport library kombu writes them.
 *
 * @packageDocumentation
 */
import { type BrokerUrl, parseBrokerUrls, type Transport } from '@pool/transport';
import type { SqsTransportOptions } from './sqs-options.js';
import { SqsTransport } from './sqs-transport.js';

export type { SqsTransportOptions } from './sqs-options.js';

/**
 * Makes a transport, not yet connected. URLs: `sqs://` takes region and credentials as the AWS SDK finds them;
 * `sqs://key:secret@host:port` talks to that host.
 *
 * @throws InvalidBrokerUrlError
 */
export function createTransport(
  urls: BrokerUrl | string | readonly (BrokerUrl | string)[],
  options: SqsTransportOptions = {},
): Transport {
  return new SqsTransport(parseBrokerUrls(urls), options);
}

export default createTransport;
