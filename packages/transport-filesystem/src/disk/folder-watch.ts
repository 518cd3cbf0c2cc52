import { type FSWatcher, watch } from 'node:fs';

/** More changes than this between two takes are not worth hearing of one by one: reading the folder is cheaper. */
const maxUnheard = 64;
/** Where watching fails (too many watches, a file system without) it is tried again this much later. */
const retryMs = 10_000;

/**
 * Hears of files that come to a folder, as long as they come slowly. While it is `complete` nothing has come unheard
 * since it was started.
 */
export class FolderWatch {
  readonly #folder: string;
  readonly #onName: (name: string) => void;
  #watcher: FSWatcher | undefined;
  #unheard = 0;
  #complete = false;
  #failedAt = Number.NEGATIVE_INFINITY;

  constructor(folder: string, onName: (name: string) => void) {
    this.#folder = folder;
    this.#onName = onName;
  }

  get complete(): boolean {
    return this.#complete;
  }

  /** Begins to watch. Returns whether something may have come just before; not if it cannot watch, or did already. */
  start(): boolean {
    if (this.#watcher !== undefined || performance.now() - this.#failedAt < retryMs) return false;
    this.#unheard = 0;
    try {
      this.#watcher = watch(this.#folder, { persistent: false }, (_event, name) => this.#heard(name));
    } catch {
      this.#failedAt = performance.now();
      return false;
    }
    this.#watcher.on('error', () => {
      this.#failedAt = performance.now();
      this.stop();
    });
    this.#complete = true;
    return true;
  }

  /** What was heard so far has been looked at. */
  lookedAt(): void {
    this.#unheard = 0;
  }

  stop(): void {
    this.#complete = false;
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  #heard(name: string | null): void {
    this.#unheard += 1;
    if (name === null || this.#unheard > maxUnheard) this.stop();
    else this.#onName(name);
  }
}
