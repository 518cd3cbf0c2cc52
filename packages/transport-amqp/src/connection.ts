import { BrokerRefusedError, type BrokerUrl, ConnectionError } from '@pool/transport';
import { type ChannelModel, connect, type SocketOptions } from 'amqplib';
import type { AmqpTransportOptions } from './amqp-options.js';
import { refuseUndecodable } from './undecodable.js';

/** What a TLS handshake fails with when nobody known has signed the broker's certificate. */
const UNTRUSTED: ReadonlySet<unknown> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** The broker closes the connection instead of opening its virtual host, and amqplib keeps the reason to itself. */
const HOST_REFUSED = /^Expected ConnectionOpenOk; got <ConnectionClose/;
const LOGIN_REFUSED = /\bACCESS[-_]REFUSED\b/;

/** A connection, or an error that says what is wrong without the password. */
export async function openConnection(
  url: BrokerUrl,
  options: AmqpTransportOptions,
  signal: AbortSignal,
): Promise<ChannelModel> {
  const secure = url.scheme === 'amqps';
  // A signal of its own: this one destroys the socket, and would later too.
  const dialling = new AbortController();
  const onAbort = (): void => dialling.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    const connection = await connect(
      {
        protocol: secure ? 'amqps' : 'amqp',
        hostname: url.host || '127.0.0.1',
        port: url.port ?? (secure ? 5671 : 5672),
        username: url.username ?? 'guest',
        password: url.password() ?? 'guest',
        vhost: encodeURIComponent(url.path === '' ? '/' : url.path),
        heartbeat: options.heartbeat ?? 60,
        ...options.client,
      },
      {
        noDelay: true,
        keepAlive: true,
        ...options.tls,
        signal: dialling.signal,
        clientProperties: { connection_name: `pool:${process.pid}` },
      } as SocketOptions,
    );
    // Told by 'close', which follows.
    connection.on('error', () => {});
    refuseUndecodable(connection);
    return connection;
  } catch (error) {
    const cause: unknown = dialling.signal.aborted ? signal.reason : error;
    const Reason = isLasting(cause) ? BrokerRefusedError : ConnectionError;
    throw new Reason(`cannot connect to ${url}: ${reasonOf(cause, url)}`, { cause });
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** Says goodbye, and hangs up on a broker that does not answer within so many seconds. */
export async function closeConnection(connection: ChannelModel, seconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const impatient = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, seconds * 1000);
  });
  try {
    await Promise.race([connection.close(), impatient]);
  } catch {
    // It is closed already.
  } finally {
    clearTimeout(timer);
    // Whoever still waits for an answer learns by the error that there will be none.
    socketOf(connection).destroy(new Error('the broker did not say goodbye'));
  }
}

/** The broker's major version, 3 where it does not tell. */
export function majorVersion(connection: ChannelModel): number {
  const version: unknown = connection.connection.serverProperties.version;
  const major = Number.parseInt(typeof version === 'string' ? version : '', 10);
  return Number.isFinite(major) ? major : 3;
}

/** amqplib ends the socket of a dead connection, which a dead network never learns. */
function socketOf(connection: ChannelModel): { destroy(error: Error): void } {
  return (connection.connection as unknown as { stream: { destroy(error: Error): void } }).stream;
}

/** Whether the broker, or what it shows, will be refused again: a login, a virtual host, a certificate. */
function isLasting(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false;
  const { code } = cause as NodeJS.ErrnoException;
  return (
    UNTRUSTED.has(code) ||
    (typeof code === 'string' && code.includes('CERT')) ||
    HOST_REFUSED.test(cause.message) ||
    LOGIN_REFUSED.test(cause.message)
  );
}

function reasonOf(cause: unknown, url: BrokerUrl): string {
  if (!(cause instanceof Error)) return String(cause);
  // Several addresses were tried, each with an error of its own.
  if (cause instanceof AggregateError) return cause.errors.map((each) => reasonOf(each, url)).join(', ');
  if (UNTRUSTED.has((cause as NodeJS.ErrnoException).code)) {
    return `${cause.message}; name the authority that signed it in the option \`tls\`, as \`ca\``;
  }
  if (HOST_REFUSED.test(cause.message)) {
    const vhost = url.path === '' ? '/' : url.path;
    return `the broker refused the virtual host ${JSON.stringify(vhost)}: it is not there, or this user may not use it`;
  }
  return cause.message;
}
