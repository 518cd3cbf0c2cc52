import type { Socket } from 'node:net';
import { endClient } from '@pool/redis';
import type { BrokerUrl } from '@pool/transport';
import { Redis } from 'ioredis';
import { sentinelOf } from './connection-options.js';
import type { Client } from './redis-clients.js';
import type { ResolvedRedisOptions } from './redis-options.js';

const CHANNEL = '+switch-master';
/** The longest wait before a sentinel that is away is tried again, in milliseconds. */
const LONGEST_WAIT = 10_000;

/**
 * Listens to the sentinels, and tells once when another server takes over from the one that `client` is connected to. A
 * master that was taken for dead and goes on would be used until it learns that it is none any more, and all that it took
 * meanwhile would be lost with that. A sentinel that is away is not missed: the others tell. Returns what ends it.
 */
export function watchFailover(
  client: Client,
  urls: readonly BrokerUrl[],
  { client: extra = {}, masterName, connectTimeout }: ResolvedRedisOptions,
  onSwitch: (error: Error) => void,
): () => void {
  const { sentinelUsername, sentinelPassword, sentinelTLS } = extra;
  const stop = (): void => {
    for (const sentinel of sentinels) endClient(sentinel);
  };
  const sentinels = urls.map((url) => {
    const sentinel = new Redis({
      ...sentinelOf(url),
      ...(sentinelUsername && { username: sentinelUsername }),
      ...(sentinelPassword && { password: sentinelPassword }),
      ...(sentinelTLS && { tls: sentinelTLS }),
      connectTimeout: connectTimeout * 1000,
      retryStrategy: (attempt) => Math.min(attempt * 500, LONGEST_WAIT),
      maxRetriesPerRequest: null,
      enableReadyCheck: false,
      protocol: 2,
    });
    sentinel.on('error', () => {});
    sentinel.on('message', (_channel: string, text: string) => {
      const [name, , , host, port] = text.split(' ');
      // Each sentinel tells in its own time, some when we are with the new one already.
      if (name !== masterName || isConnectedTo(client, host, Number(port))) return;
      stop();
      onSwitch(new Error('another server took over'));
    });
    sentinel.subscribe(CHANNEL).catch(() => {});
    return sentinel;
  });
  return stop;
}

function isConnectedTo(client: Client, host: string | undefined, port: number): boolean {
  const { remoteAddress, remotePort } = (client as unknown as { stream: Partial<Socket> }).stream;
  return remotePort === port && remoteAddress?.replace(/^::ffff:/, '') === host;
}
