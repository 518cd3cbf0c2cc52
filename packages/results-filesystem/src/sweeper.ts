import { opendir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, type Folder, remove } from './folder.js';

const documentPrefixes = ['celery-task-meta-', 'celery-taskset-meta-', 'chord-unlock-'];

/** Seconds after which a file that was being written was left behind by a process that died. */
const abandoned = 3600;

/** Names read in one go. */
const namesAtOnce = 256;

/** Removes what has expired, as Celery's `celery.backend_cleanup` does: by the time a file was last changed. */
export class Sweeper {
  readonly #folder: Folder;
  readonly #expires: number;
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> | undefined;
  #stopped = false;

  constructor(folder: Folder, expires: number) {
    this.#folder = folder;
    this.#expires = expires;
  }

  /** Sweeps now and then from now on. Of several processes that share the folder one does it at a time. */
  start(): void {
    if (this.#timer || this.#stopped || this.#expires === 0) return;
    const interval = Math.min(Math.max(this.#expires / 24, 60), 86_400);
    this.#timer = setInterval(() => void this.#sweepIfDue(interval).catch(() => {}), interval * 1000);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#sweeping?.catch(() => {});
  }

  sweep(): Promise<void> {
    this.#sweeping ??= this.#sweep().finally(() => {
      this.#sweeping = undefined;
    });
    return this.#sweeping;
  }

  async #sweepIfDue(interval: number): Promise<void> {
    const now = Date.now();
    try {
      if (now - (await stat(this.#folder.swept)).mtimeMs < (interval * 1000) / 2) return;
      await utimes(this.#folder.swept, now / 1000, now / 1000);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
      await writeFile(this.#folder.swept, '');
    }
    await this.sweep();
  }

  async #sweep(): Promise<void> {
    await this.#sweepFolder(this.#folder.temporaries, abandoned, () => true);
    if (this.#expires === 0) return;
    await this.#sweepFolder(this.#folder.path, this.#expires, (name) =>
      documentPrefixes.some((prefix) => name.startsWith(prefix)),
    );
    await this.#sweepFolder(this.#folder.chords, this.#expires, () => true);
  }

  async #sweepFolder(path: string, age: number, isOurs: (name: string) => boolean): Promise<void> {
    const before = Date.now() - age * 1000;
    for await (const entry of await opendir(path, { bufferSize: namesAtOnce })) {
      if (this.#stopped) return;
      if (!isOurs(entry.name)) continue;
      const file = join(path, entry.name);
      try {
        if ((await stat(file)).mtimeMs >= before) continue;
        if (entry.isDirectory()) await rm(file, { recursive: true, force: true });
        else await remove(file);
      } catch (error) {
        if (codeOf(error) !== 'ENOENT') throw error;
      }
    }
  }
}
