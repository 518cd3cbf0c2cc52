import { mkdirSync, readdirSync, renameSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { done, ifPresent } from './file-errors.js';

/** Files that are larger are not worth keeping. */
const maxSpareBytes = 4096;
/** How often a publisher that found no spare file looks again. */
const lookAgainMs = 250;

/**
 * Files of acked messages, kept to be written again. Making and deleting a file for each message is what a file
 * system does worst: some (ext4 without a journal) make new files ten times slower for minutes after thousands were
 * deleted in the same place.
 */
export class SpareFiles {
  readonly #folder: string;
  readonly #max: number;
  readonly #large = new Set<string>();
  #names: string[] = [];
  #lookedForNames = Number.NEGATIVE_INFINITY;
  #room = 0;
  #lookedForRoom = Number.NEGATIVE_INFINITY;

  constructor(folder: string, max: number) {
    this.#folder = folder;
    this.#max = max;
  }

  open(): void {
    if (this.#max > 0) mkdirSync(this.#folder, { recursive: true });
  }

  /** Notes the size of a message that may be discarded later. */
  note(name: string, size: number): void {
    if (this.#max > 0 && size > maxSpareBytes) this.#large.add(name);
  }

  /** Moves a spare file to `target`; false if there is none. */
  take(target: string): boolean {
    if (this.#max === 0) return false;
    if (this.#names.length === 0 && !this.#look()) return false;
    for (let name = this.#names.pop(); name !== undefined; name = this.#names.pop()) {
      if (done(() => renameSync(join(this.#folder, name as string), target))) return true;
    }
    return false;
  }

  /** Gets rid of the file of a message; false if it was not there any more. */
  discard(path: string, name: string): boolean {
    if (this.#large.delete(name) || !this.#hasRoom()) return done(() => unlinkSync(path));
    this.#room -= 1;
    if (done(() => renameSync(path, join(this.#folder, name)))) return true;
    // Either the message is gone or the folder of spare files.
    return done(() => unlinkSync(path));
  }

  /** A message is not this process's any more. */
  forget(name: string): void {
    this.#large.delete(name);
  }

  /** Publishers begin at different places, so that they do not reach for the same files. */
  #look(): boolean {
    const now = performance.now();
    if (now - this.#lookedForNames < lookAgainMs) return false;
    this.#lookedForNames = now;
    const names = ifPresent(() => readdirSync(this.#folder)) ?? [];
    const start = Math.floor(Math.random() * names.length);
    this.#names = [...names.slice(start), ...names.slice(0, start)];
    return names.length > 0;
  }

  /** Counts anew after every thousand, as others fill the folder too. */
  #hasRoom(): boolean {
    if (this.#max === 0) return false;
    if (this.#room > 0) return true;
    const now = performance.now();
    if (now - this.#lookedForRoom < lookAgainMs) return false;
    const names = ifPresent(() => readdirSync(this.#folder));
    if (names === undefined) this.open();
    const count = names?.length ?? 0;
    if (count >= this.#max) this.#lookedForRoom = now;
    this.#room = Math.min(1000, this.#max - count);
    return this.#room > 0;
  }
}
