import { link, open, rename, stat, utimes } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { ResultStoreError } from '@pool/results';
import { codeOf, type Folder, read, remove } from './folder.js';

/** A process that holds a lock longer than this died with it. It is held for a read and a rename. */
const staleLock = 10_000;
const retryEvery = 5;

/**
 * Writes documents under the rule that a finished success stays. The first document of a task is put in place only
 * if there is none, in one step; all later ones take a lock, look, and then replace.
 */
export class DocumentFiles {
  readonly #folder: Folder;
  readonly #isSuccess: (document: Uint8Array) => boolean;

  constructor(folder: Folder, isSuccess: (document: Uint8Array) => boolean) {
    this.#folder = folder;
    this.#isSuccess = isSuccess;
  }

  /** `age` is how old, in seconds, the document is to seem; that is how it expires sooner or later than others. */
  async write(id: string, document: Uint8Array, age: number): Promise<void> {
    const path = this.#folder.document(id);
    const temporary = await this.#folder.temporary(document);
    try {
      if (age !== 0) {
        const time = Date.now() / 1000 - age;
        await utimes(temporary, time, time);
      }
      if (await this.#isFirst(temporary, path)) return;
      const release = await this.#lock(id);
      try {
        const current = await read(path);
        if (current && this.#isSuccess(current)) return;
        await rename(temporary, path);
      } finally {
        await release();
      }
    } finally {
      await remove(temporary);
    }
  }

  async #isFirst(temporary: string, path: string): Promise<boolean> {
    try {
      await link(temporary, path);
      return true;
    } catch (error) {
      // EPERM and the like: a file system without links. The lock alone will do.
      if (['EEXIST', 'EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK'].includes(codeOf(error) ?? '')) return false;
      throw error;
    }
  }

  async #lock(id: string): Promise<() => Promise<void>> {
    const path = this.#folder.lock(id);
    const deadline = Date.now() + 3 * staleLock;
    for (;;) {
      try {
        await (await open(path, 'wx')).close();
        return () => remove(path);
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error;
      }
      await this.#breakIfStale(path);
      if (Date.now() > deadline) throw new ResultStoreError(`the lock ${path} is not released`);
      await sleep(retryEvery);
    }
  }

  /** Only one of several that find a stale lock can move it away. */
  async #breakIfStale(path: string): Promise<void> {
    try {
      const { mtimeMs, ino } = await stat(path);
      if (Date.now() - mtimeMs < staleLock) return;
      const moved = `${path}.${process.pid}.stale`;
      await rename(path, moved);
      // Somebody was faster and holds a new lock: give it back.
      if ((await stat(moved)).ino !== ino) await link(moved, path);
      await remove(moved);
    } catch (error) {
      if (!['ENOENT', 'EEXIST'].includes(codeOf(error) ?? '')) throw error;
    }
  }
}
