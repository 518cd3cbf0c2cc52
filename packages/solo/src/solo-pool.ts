import { InlinePool, type InlinePoolOptions } from '@pool/core';

/**
 * Runs jobs inline, one at a time: a synchronous job has ended when `applyAsync` returns, an asynchronous one holds the
 * pool until it settles, and jobs handed in meanwhile wait in line. Celery's `celery.concurrency.solo:TaskPool`, whose
 * limit is 1 likewise; another `limit` is taken as 1, and the log says so.
 *
 * While synchronous code runs nothing else in the process does, heartbeats included.
 */
export class SoloPool extends InlinePool {
  constructor(options: InlinePoolOptions = {}) {
    const { limit } = options;
    const valid = limit === undefined || (Number.isSafeInteger(limit) && limit >= 1);
    // What is no limit at all is for the base to refuse.
    super({ ...options, limit: valid ? 1 : limit, interrupt: options.interrupt ?? true }, { resize: false });
    if (limit !== undefined && limit !== 1)
      this.logger.warn(`SoloPool runs one job at a time: the limit of ${limit} is taken as 1`);
  }

  override get bodyCanBeBuffer(): boolean {
    return true;
  }

  protected override get startsInCall(): boolean {
    return true;
  }

  protected override openSlot(granted: (release: () => void) => void): void {
    granted(() => {});
  }

  protected override getInfo(): Record<string, unknown> {
    return {
      processes: [process.pid],
      'max-tasks-per-child': null,
      'put-guarded-by-semaphore': true,
      timeouts: [],
    };
  }
}
