import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { groupResultKey, taskResultKey } from '@pool/message';
import { ResultStoreError } from '@pool/results';
import { fileNameOf } from './file-name.js';

export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | null)?.code;
}

/** Removes a file; one that is gone already will do. */
export async function remove(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

/** Reads a file, `undefined` if there is none. */
export async function read(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * The folder of a store and where things are in it. Documents lie where Celery has them; what is ours is below
 * `.pool`, where neither Celery nor a watcher of the documents sees it.
 */
export class Folder {
  readonly path: string;
  readonly #own: string;
  #written = 0;
  readonly #tag = `${process.pid}-${randomBytes(6).toString('hex')}`;

  constructor(path: string) {
    this.path = path;
    this.#own = join(path, '.pool');
  }

  async create(): Promise<void> {
    try {
      for (const part of ['temp', 'locks', 'chords']) await mkdir(join(this.#own, part), { recursive: true });
    } catch (cause) {
      throw new ResultStoreError(`the folder ${this.path} cannot hold results: ${(cause as Error).message}`, {
        cause,
      });
    }
  }

  document(id: string): string {
    return join(this.path, taskResultKey(fileNameOf(id)));
  }

  group(groupId: string): string {
    return join(this.path, groupResultKey(fileNameOf(groupId)));
  }

  chord(groupId: string): string {
    return join(this.#own, 'chords', fileNameOf(groupId));
  }

  lock(id: string): string {
    return join(this.#own, 'locks', fileNameOf(id));
  }

  get temporaries(): string {
    return join(this.#own, 'temp');
  }

  get chords(): string {
    return join(this.#own, 'chords');
  }

  get swept(): string {
    return join(this.#own, 'swept');
  }

  /** Writes a file that nobody sees yet, to be moved where it belongs. */
  async temporary(content: string | Uint8Array): Promise<string> {
    const path = join(this.temporaries, `${this.#tag}-${this.#written++}`);
    await writeFile(path, content);
    return path;
  }

  /** Writes a file so that a reader sees the old one or the new one, whole. */
  async replace(path: string, content: string | Uint8Array): Promise<void> {
    const temporary = await this.temporary(content);
    try {
      await rename(temporary, path);
    } catch (error) {
      await remove(temporary);
      throw error;
    }
  }

  /** Writes a file, whole, unless there is one. Returns whether it did. */
  async createNew(path: string, content: string | Uint8Array): Promise<boolean> {
    const temporary = await this.temporary(content);
    try {
      await link(temporary, path);
      return true;
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      throw error;
    } finally {
      await remove(temporary);
    }
  }
}
