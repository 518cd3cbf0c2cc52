import { type FSWatcher, watch } from 'node:fs';

/** More changes than this between two takes are not worth hearing of one by one: reading the folder is cheaper. */
const maxUnheard = 64;

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

  constructor(folder: string, onName: (name: string) => void) {
    this.#folder = folder;
    this.#onName = onName;
  }

  get complete(): boolean {
    return this.#complete;
  }

  /** Returns false if it was running already. Where nothing can be watched the poll of the consumer must do. */
  start(): boolean {
    if (this.#watcher !== undefined) return false;
    this.#unheard = 0;
    try {
      this.#watcher = watch(this.#folder, { persistent: false }, (_event, name) => this.#heard(name));
      this.#watcher.on('error', () => this.stop());
      this.#complete = true;
    } catch {
      this.#watcher = undefined;
    }
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
