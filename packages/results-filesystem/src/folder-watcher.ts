import { type FSWatcher, watch } from 'node:fs';

/**
 * Tells which files of a folder changed, gathered over a turn of the event loop. Where the system cannot watch (out
 * of watches, a file system without them) it says so by `lost`, again and again, until it can.
 */
export class FolderWatcher {
  readonly #path: string;
  readonly #onChanged: (names: readonly string[]) => void;
  readonly #onLost: () => void;
  #watcher: FSWatcher | undefined;
  #changed = new Set<string>();
  #retry: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(path: string, onChanged: (names: readonly string[]) => void, onLost: () => void) {
    this.#path = path;
    this.#onChanged = onChanged;
    this.#onLost = onLost;
  }

  /** Watches from the moment it returns. Safe to call again. */
  start(): void {
    if (this.#watcher || this.#stopped) return;
    try {
      // Whoever waits for a result keeps the process alive; the watcher must not.
      this.#watcher = watch(this.#path, { persistent: false }, (_event, name) => this.#note(name));
      this.#watcher.on('error', () => this.#lose());
      clearInterval(this.#retry);
      this.#retry = undefined;
    } catch {
      this.#lose();
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#watcher?.close();
    this.#watcher = undefined;
    clearInterval(this.#retry);
  }

  #note(name: string | null): void {
    if (name === null) {
      this.#onLost();
      return;
    }
    if (this.#changed.size === 0) setImmediate(() => this.#flush());
    this.#changed.add(name);
  }

  #flush(): void {
    const names = [...this.#changed];
    this.#changed.clear();
    if (!this.#stopped) this.#onChanged(names);
  }

  #lose(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
    if (this.#stopped) return;
    this.#onLost();
    this.#retry ??= setInterval(() => {
      this.#onLost();
      this.start();
    }, 500).unref();
  }
}
