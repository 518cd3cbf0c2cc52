import { type BrokerUrl, ConnectionError } from '@pool/transport';
import { type ChannelModel, connect } from 'amqplib';
import type { AmqpTransportOptions } from './amqp-options.js';

/** A connection, or an error that says what is wrong without the password. */
export async function openConnection(
  url: BrokerUrl,
  options: AmqpTransportOptions,
  signal: AbortSignal,
): Promise<ChannelModel> {
  const secure = url.scheme === 'amqps';
  const opening = connect(
    {
      protocol: secure ? 'amqps' : 'amqp',
      hostname: url.host || '127.0.0.1',
      port: url.port ?? (secure ? 5671 : 5672),
      username: url.username ?? 'guest',
      password: url.password() ?? 'guest',
      vhost: url.path === '' ? '/' : url.path,
      heartbeat: options.heartbeat ?? 60,
      ...options.client,
    },
    {
      noDelay: true,
      keepAlive: true,
      ...options.tls,
      clientProperties: { connection_name: `pool:${process.pid}` },
    },
  );
  let abandoned = false;
  const onAbort = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  onAbort.catch(() => {});
  opening
    .then((connection) => {
      connection.on('error', () => {});
      if (abandoned) return connection.close();
      return undefined;
    })
    .catch(() => {});
  try {
    return await Promise.race([opening, onAbort]);
  } catch (cause) {
    abandoned = true;
    throw new ConnectionError(`cannot connect to ${url}: ${(cause as Error).message}`, { cause });
  }
}

/** The broker's major version, 3 where it does not tell. */
export function majorVersion(connection: ChannelModel): number {
  const version: unknown = connection.connection.serverProperties.version;
  const major = Number.parseInt(typeof version === 'string' ? version : '', 10);
  return Number.isFinite(major) ? major : 3;
}
