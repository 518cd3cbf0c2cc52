import type { App } from '@pool/app';
import { type ResultStore, ResultStoreClosedError } from '@pool/results';
import { BrokerRefusedError, ConnectionError, type Transport } from '@pool/transport';
import type { Settings } from './config/schema.js';
import type { WorkerLogger } from './logging/logger.js';
import { pause } from './pause.js';

/** Seconds that the start waits for a result store that does not answer. */
const PATIENCE = 5;

/** What a worker is connected to. */
export interface Connected {
  readonly transport: Transport;
  readonly store: ResultStore | undefined;
  readonly storeStatus: StoreStatus;
}

/** What is known of a result store. */
export interface StoreStatus {
  /** It has not been there yet, and that was told. */
  readonly away: boolean;
}

/**
 * Connects a worker to its broker and its result store. A broker that is away is tried again, in growing intervals of 2
 * to 30 seconds, as Celery does it; one that refuses is not, since it would again. A result store that is away is
 * not waited for: results are.
 *
 * @throws ResultStoreError when the store is there and refuses
 * @throws BrokerRefusedError when the broker is there and refuses
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
  if (!app.hasResultStore) return { transport, store: undefined, storeStatus: { away: false } };
  const store = await app.resultStore();
  return { transport, store, storeStatus: await connectStore(store, logger) };
}

/** Resolves when the store is there, or is known to be away: then it is connected to as soon as it can be. */
function connectStore(store: ResultStore, logger: WorkerLogger): Promise<StoreStatus> {
  const status = { away: false };
  return new Promise((resolve, reject) => {
    const goOnWithout = (why: string): void => {
      if (status.away) return;
      status.away = true;
      logger.error(`${why}. The worker starts without it: results wait until it is there`);
      resolve(status);
    };
    const timer = setTimeout(() => goOnWithout('The result store does not answer'), PATIENCE * 1000);
    store
      .connect({ onAway: (error) => goOnWithout(error.message) })
      .finally(() => clearTimeout(timer))
      .then(
        () => {
          if (status.away) logger.info('Connected to the result store');
          status.away = false;
          resolve(status);
        },
        (error: Error) => {
          if (!status.away) return reject(error);
          status.away = false;
          if (!ResultStoreClosedError.isInstance(error)) logger.error({ err: error }, error.message);
        },
      );
  });
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
      if (!ConnectionError.isInstance(error) || BrokerRefusedError.isInstance(error) || signal.aborted)
        throw error;
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
