import type { Cluster, Redis } from 'ioredis';

/** Ends a client. A TLS handshake that is broken off can still be answered by an alert, when nobody else listens any more. */
export function endClient(client: Redis | Cluster): void {
  const nodes: unknown[] = 'nodes' in client ? client.nodes() : [client];
  for (const { stream } of nodes as { stream?: NodeJS.EventEmitter }[]) stream?.on('error', () => {});
  client.disconnect();
}
