import { closeSync, ftruncateSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Claims } from '@pool/core';

/** How many bytes an id has. */
const ID_BYTES = 4;
/** How many bytes the file may grow to before it is to be emptied. */
const UNTIDY_BYTES = 256 * 1024;
const SCRATCH_IDS = 1024;

/**
 * A file without a name, kept in memory by the system, which a child has from the pool by inheritance: so the two share its
 * read position, and a read by either is for the other as if what it read had never been there. The system lets one of them
 * read at a time.
 */
export class ClaimFile implements Claims {
  readonly fd: number = openUnnamed();
  readonly #words: Int32Array = new Int32Array(SCRATCH_IDS);
  readonly #bytes: Uint8Array = new Uint8Array(this.#words.buffer);
  /** Offered, and not in the file yet. */
  #offered: number[] = [];
  /** Where the next id goes, and where it went when the file was last emptied: positions only grow. */
  #end = 0;
  #emptiedAt = 0;

  offer(id: number): void {
    this.#offered.push(id | 0);
  }

  withdraw(): boolean {
    return this.#offered.pop() !== undefined;
  }

  /** Puts what was offered into the file. */
  publish(): void {
    const ids = this.#offered;
    for (let from = 0; from < ids.length; from += SCRATCH_IDS) {
      const count = Math.min(SCRATCH_IDS, ids.length - from);
      for (let i = 0; i < count; i++) this.#words[i] = ids[from + i] as number;
      for (let at = 0, size = count * ID_BYTES; at < size; ) {
        const written = writeSync(this.fd, this.#bytes, at, size - at, this.#end);
        at += written;
        this.#end += written;
      }
    }
    ids.length = 0;
  }

  takeBack(): number[] {
    const ids: number[] = [];
    for (;;) {
      const count = readSync(this.fd, this.#bytes, 0, SCRATCH_IDS * ID_BYTES, null) / ID_BYTES;
      for (let i = 0; i < count; i++) ids.push(this.#words[i] as number);
      if (count < SCRATCH_IDS) break;
    }
    ids.push(...this.#offered);
    this.#offered = [];
    if (this.untidy) {
      ftruncateSync(this.fd, 0);
      this.#emptiedAt = this.#end;
    }
    return ids;
  }

  get untidy(): boolean {
    return this.#end - this.#emptiedAt > UNTIDY_BYTES;
  }

  close(): void {
    closeSync(this.fd);
  }
}

function openUnnamed(): number {
  let failure: unknown;
  for (const folder of process.platform === 'linux' ? ['/dev/shm', tmpdir()] : [tmpdir()]) {
    // Nobody else's, since it must not exist; and unlikely to. `node:crypto` takes long to load for that.
    const path = join(folder, `pool-${process.pid}-${Math.random().toString(36).slice(2)}`);
    try {
      const fd = openSync(path, 'wx+', 0o600);
      unlinkSync(path);
      return fd;
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}
