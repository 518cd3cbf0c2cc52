import type { RunningServer } from '@pool/servers';
import { requireServer } from '@pool/servers/vitest';

/** A broker that keeps over a crash what it has confirmed, and how workers are to use it. */
export interface Site {
  readonly name: string;
  readonly server: RunningServer;
  /** How the workers' transports are set up: the tests do not wait for what is rare in life. */
  readonly transport: Readonly<Record<string, unknown>>;
  /** Options with which a transport does not notice by itself that nobody answers. */
  readonly unwatched: Readonly<Record<string, unknown>>;
  /** Whether the server keeps results too. */
  readonly results: boolean;
}

const reconnect = { initial: 0.05, max: 0.5 };

/** Where messages are kept and results too. */
export async function redisSite(): Promise<Site> {
  return {
    name: 'Redis',
    server: await requireServer('redis', { persistent: true }),
    transport: { reconnect, goneAfter: 1, unackedRestoreInterval: 0.5 },
    unwatched: { healthCheckInterval: 3600, goneAfter: 600 },
    results: true,
  };
}

export async function rabbitmqSite(): Promise<Site> {
  return {
    name: 'RabbitMQ',
    server: await requireServer('rabbitmq'),
    // A classic queue forgets acknowledgements of seconds when the broker is killed; a quorum queue does not.
    transport: { reconnect, defaultQueueType: 'quorum' },
    unwatched: { heartbeat: 0 },
    results: false,
  };
}
