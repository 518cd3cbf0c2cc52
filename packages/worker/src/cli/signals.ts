import type { WorkerLogger } from '../logging/logger.js';
import type { Worker } from '../worker.js';
import { logStatus } from './log-status.js';

/** What the signals made of a worker. */
export interface SignalOutcome {
  /** What to exit with; undefined while nobody asked the worker to stop. */
  readonly exitCode: number | undefined;
  /** Resolves when the worker has stopped, for whatever reason. */
  readonly stopped: Promise<void>;
}

/**
 * Celery's signals: SIGTERM stops warmly with exit code 0; SIGINT too, but with 1, and a second one stops at once;
 * SIGQUIT stops at once. `REMAP_SIGTERM=SIGQUIT` makes the first behave as the last. SIGHUP, which comes when a terminal
 * is closed, stops warmly. While the worker stops at once a further signal cuts every wait, and one more ends the
 * process, having given back what it holds. SIGUSR1 stops nothing: the worker logs what it is at.
 */
export function handleSignals(worker: Worker, logger: WorkerLogger): SignalOutcome {
  let level = 0;
  let exitCode: number | undefined;
  const stopped = new Promise<void>((resolve) => {
    worker.once('stopped', resolve);
  });

  const warm = (signal: string, code: number): void => {
    if (level > 0) return;
    level = 1;
    exitCode = code;
    logger.warn(
      `${signal}: warm shutdown, waiting for ${worker.running} running tasks. SIGQUIT${signal === 'SIGINT' ? ' or a second SIGINT' : ''} ends them`,
    );
    void worker.stop().catch(report);
  };
  const cold = (signal: string): void => {
    exitCode = 1;
    if (level < 2) {
      level = 2;
      logger.error(`${signal}: cold shutdown`);
      void worker.terminate().catch(report);
    } else if (level === 2) {
      level = 3;
      logger.error(`${signal}: cold shutdown without waiting`);
      void worker.terminate({ soft: false }).catch(report);
    } else {
      logger.fatal(`${signal}: hard exit`);
      void worker.giveBack().finally(() => process.exit(1));
    }
  };
  const report = (error: unknown): void => {
    logger.fatal({ err: error }, 'The worker could not be stopped cleanly');
    process.exit(1);
  };

  const remapped = process.env['REMAP_SIGTERM'] === 'SIGQUIT';
  process.on('SIGTERM', () => {
    if (remapped || level > 1) cold('SIGTERM');
    else if (level === 0) warm('SIGTERM', 0);
    else logger.warn('SIGTERM: the worker stops already; SIGQUIT ends the running tasks');
  });
  process.on('SIGINT', () => (level === 0 ? warm('SIGINT', 1) : cold('SIGINT')));
  process.on('SIGQUIT', () => cold('SIGQUIT'));
  process.on('SIGHUP', () => warm('SIGHUP', 0));
  // Without this Node would open its debugger's port.
  process.on('SIGUSR1', () => {
    logStatus(worker, logger).catch((error: unknown) => {
      logger.error({ err: error }, 'The status could not be logged');
    });
  });
  process.on('uncaughtException', (error) => {
    logger.fatal({ err: error }, 'An error that nobody caught; the worker ends');
    cold('uncaughtException');
  });

  return {
    get exitCode() {
      return exitCode ?? (worker.failed ? 1 : undefined);
    },
    stopped,
  };
}
