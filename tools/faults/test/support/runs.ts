import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Bytes of one record. */
const RECORD = 8;

/** What tasks have put on record, in a folder: a file for each child, so that nothing rests on a worker's word. */
export class Runs {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  static async create(): Promise<Runs> {
    // Memory, if there is some: no test waits for a disk here.
    const base = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
    return new Runs(await mkdtemp(join(base, 'pool-faults-')));
  }

  /** How many runs have begun, or ended; cheap. */
  async count(what: 'begun' | 'ended'): Promise<number> {
    const sizes = await Promise.all(
      (await this.#files(what)).map(async (file) => (await stat(join(this.folder, file))).size),
    );
    return sizes.reduce((a, b) => a + b, 0) / RECORD;
  }

  /** How often each task has begun, or ended, of all or of one worker. */
  async times(what: 'begun' | 'ended', worker?: number): Promise<Map<number, number>> {
    const times = new Map<number, number>();
    for (const file of await this.#files(what)) {
      if (worker !== undefined && !file.startsWith(`${worker}-`)) continue;
      const text = await readFile(join(this.folder, file), 'utf8');
      for (const line of text.split('\n').filter(Boolean))
        times.set(Number(line), (times.get(Number(line)) ?? 0) + 1);
    }
    return times;
  }

  /** The children of a worker that have run tasks. */
  async children(worker: number): Promise<number[]> {
    const files = await this.#files('begun');
    return files
      .filter((file) => file.startsWith(`${worker}-`))
      .map((file) => Number(file.slice(file.indexOf('-') + 1, file.indexOf('.'))));
  }

  /** Lets a task that waits for it come to its end. */
  release(n: number): Promise<void> {
    return writeFile(join(this.folder, String(n)), '');
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }

  async #files(what: 'begun' | 'ended'): Promise<string[]> {
    return (await readdir(this.folder)).filter((file) => file.endsWith(`.${what}`));
  }
}
