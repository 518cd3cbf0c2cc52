import { readFile, rename, writeFile } from 'node:fs/promises';
import type { LimitedSet } from './limited-set.js';
import type { WorkerLogger } from './logging/logger.js';

/** Seconds between saves while a worker runs. */
const INTERVAL = 30;

/** Keeps revoked ids in a file over restarts, as Celery's `--statedb`. Saved now and then, and at the end. */
export class StateDb {
  readonly #path: string;
  readonly #revoked: LimitedSet;
  readonly #logger: WorkerLogger;
  #timer: NodeJS.Timeout | undefined;
  #saved = '';

  constructor(path: string, revoked: LimitedSet, logger: WorkerLogger) {
    this.#path = path;
    this.#revoked = revoked;
    this.#logger = logger;
  }

  /** Reads the file; one that is missing or broken is no reason not to start. */
  async open(): Promise<void> {
    try {
      const text = await readFile(this.#path, 'utf8');
      const { revoked } = JSON.parse(text) as { revoked?: unknown };
      for (const [id, time] of Array.isArray(revoked) ? revoked : []) {
        if (typeof id === 'string' && typeof time === 'number') this.#revoked.add(id, time);
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        this.#logger.warn({ err: error }, `The state file ${this.#path} cannot be read; starting without it`);
    }
    this.#timer = setInterval(() => void this.#save(), INTERVAL * 1000);
    this.#timer.unref();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#save();
  }

  async #save(): Promise<void> {
    const text = JSON.stringify({ revoked: [...this.#revoked] });
    if (text === this.#saved) return;
    try {
      // All or nothing: a worker that dies while it writes leaves the file of before.
      await writeFile(`${this.#path}.new`, text);
      await rename(`${this.#path}.new`, this.#path);
      this.#saved = text;
    } catch (error) {
      this.#logger.error({ err: error }, `The state file ${this.#path} cannot be written`);
    }
  }
}
