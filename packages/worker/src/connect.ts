import type { App } from '@pool/app';
import type { ResultStore } from '@pool/results';
import { ConnectionError, type Transport } from '@pool/transport';
import type { Settings } from './config/schema.js';
import type { WorkerLogger } from './logging/logger.js';
import { pause } from './pause.js';

/** What a worker is connected to. */
export interface Connected {
  readonly transport: Transport;
  readonly store: ResultStore | undefined;
}

/**
 * Connects a worker to its broker and its result store. A broker that is away is tried again, in growing intervals of 2
 * to 30 seconds, as Celery does it.
 *
 * @throws ConnectionError when it stays away, or must not be tried again
 */
export async function connect(
  app: App,
  settings: Settings,
  logger: WorkerLogger,
  signal: AbortSignal,
): Promise<Connected> {
  const transport = await app.transport();
  await connectBroker(transport, settings, logger, signal);
  if (!app.hasResultStore) return { transport, store: undefined };
  const store = await app.resultStore();
  await store.connect();
  return { transport, store };
}

async function connectBroker(
  transport: Transport,
  settings: Settings,
  logger: WorkerLogger,
  signal: AbortSignal,
): Promise<void> {
  const { connectionRetryOnStartup, connectionMaxRetries } = settings;
  const most = connectionMaxRetries === 0 ? Number.POSITIVE_INFINITY : connectionMaxRetries;
  for (let attempt = 1; ; attempt++) {
    try {
      await transport.connect();
      return;
    } catch (error) {
      if (!ConnectionError.isInstance(error) || signal.aborted) throw error;
      if (!connectionRetryOnStartup || attempt > most) {
        logger.error(
          connectionRetryOnStartup
            ? `The broker did not come back in ${most} attempts`
            : 'Retrying to connect to the broker at the start is disabled (connectionRetryOnStartup). Shutting down',
        );
        throw error;
      }
      const seconds = Math.min(2 * attempt, 30);
      logger.error(
        `${(error as Error).message}. Trying again in ${seconds} s (${attempt}${most === Number.POSITIVE_INFINITY ? '' : `/${most}`})`,
      );
      await pause(seconds, signal);
    }
  }
}
