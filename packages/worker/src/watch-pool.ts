import type { BasePool } from '@pool/core';
import type { Worker } from './worker.js';

/** Counts, logs and passes on what happens to the children of a worker's pool. */
export function watchPool(pool: BasePool, worker: Worker): void {
  const { logger, counters } = worker;
  pool.on('childReady', (child) => {
    logger.debug(child, `Pool child ${child.index} is ready (pid ${child.pid})`);
    worker.emit('childReady', child);
  });
  pool.on('childLost', (child) => {
    counters.childrenLost += 1;
    const { exitCode, signal, phase } = child;
    logger.error(
      { ...child },
      `Pool child ${child.index} (pid ${child.pid}) was lost while ${phase}: ${signal ?? `exit code ${exitCode}`}`,
    );
    worker.emit('childLost', child);
  });
  pool.on('childRecycled', (child) => {
    counters.childrenRecycled += 1;
    logger.debug({ ...child }, `Pool child ${child.index} (pid ${child.pid}) was replaced: ${child.reason}`);
    worker.emit('childRecycled', child);
  });
  pool.on('unhealthy', ({ failures, delay, error }) => {
    logger.error(
      { err: error },
      `Pool children do not come up (${failures} failures); the next attempt is in ${delay} s`,
    );
  });
  pool.on('healthy', () => logger.info('Pool children come up again'));
}
