/** A pool that was built and not started. */
export const INITIAL = 'INITIAL';
/** A pool that accepts and runs jobs. */
export const RUN = 'RUN';
/** A pool that accepts nothing new and finishes what it accepted. */
export const CLOSE = 'CLOSE';
/** A pool that has ended. */
export const TERMINATE = 'TERMINATE';

/** Where a pool is in its life. The names are Celery's (`celery.concurrency.base.BasePool`). */
export type PoolState = typeof INITIAL | typeof RUN | typeof CLOSE | typeof TERMINATE;
