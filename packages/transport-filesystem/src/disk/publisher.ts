import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { done, ifPresent } from './file-errors.js';
import type { SpareFiles } from './spare-files.js';

/**
 * Writes messages so that nobody ever sees a part of one: into files of its own first, then all are renamed to where
 * they wait. If a disk is full, none of the batch appears.
 */
export class Publisher {
  readonly #target: string;
  readonly #own: string;
  readonly #open: () => void;
  readonly #fsync: boolean;
  readonly #spares: SpareFiles;

  /** `own` is a folder on the same file system as `target`; `open` makes both. */
  constructor(target: string, own: string, open: () => void, fsync: boolean, spares: SpareFiles) {
    this.#target = target;
    this.#own = own;
    this.#open = open;
    this.#fsync = fsync;
    this.#spares = spares;
  }

  put(names: readonly string[], contents: readonly string[]): void {
    const parts: string[] = [];
    try {
      for (const [i, content] of contents.entries()) parts.push(this.#write(i, content));
    } catch (error) {
      for (const part of parts) done(() => unlinkSync(part));
      throw error;
    }
    for (const [i, name] of names.entries()) renameSync(parts[i] as string, join(this.#target, name));
    if (this.#fsync) sync(this.#target);
  }

  #write(index: number, content: string): string {
    const part = join(this.#own, `${index}.part`);
    const spare = this.#spares.take(part);
    const file = spare ? openSync(part, 'r+') : this.#create(part);
    try {
      const length = writeAll(file, content);
      if (spare) ftruncateSync(file, length);
      if (this.#fsync) fsyncSync(file);
    } catch (error) {
      done(() => unlinkSync(part));
      throw error;
    } finally {
      closeSync(file);
    }
    return part;
  }

  #create(part: string): number {
    try {
      return openSync(part, 'w');
    } catch (error) {
      // Somebody deleted the folders, or took this claimer for dead.
      if (ifPresent(() => statSync(this.#own)) !== undefined) throw error;
      this.#open();
      return openSync(part, 'w');
    }
  }
}

function writeAll(file: number, content: string): number {
  const bytes = Buffer.from(content, 'utf8');
  for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
  return bytes.length;
}

/** The new names are as durable as the contents only when the folder was flushed too. */
function sync(folder: string): void {
  let file: number;
  try {
    file = openSync(folder, 'r');
  } catch {
    // Windows opens no folders; there a rename is journaled with the file.
    return;
  }
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
