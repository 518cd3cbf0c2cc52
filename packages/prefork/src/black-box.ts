import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** How many bytes a child has in the file. */
export const RECORD_BYTES = 4;

/**
 * A file without a name, kept in memory by the system, in which each child notes the id of the job it begins. It can be
 * read whatever state the child is in, so that of the jobs a child was sent ahead, those it had begun when it was lost
 * are known exactly.
 */
export class BlackBox {
  readonly fd: number;
  readonly #free: number[] = [];
  #length = 0;
  readonly #record: Buffer = Buffer.alloc(RECORD_BYTES);

  constructor() {
    this.fd = openUnnamed();
  }

  /** The place for a child that is about to start. */
  allocate(): number {
    const offset = this.#free.pop();
    if (offset !== undefined) return offset;
    this.#length += RECORD_BYTES;
    return this.#length - RECORD_BYTES;
  }

  release(offset: number): void {
    this.#free.push(offset);
  }

  /** The last 32 bits of the id that was noted last, or 0. */
  read(offset: number): number {
    return readSync(this.fd, this.#record, 0, RECORD_BYTES, offset) === RECORD_BYTES
      ? this.#record.readUInt32LE()
      : 0;
  }

  close(): void {
    closeSync(this.fd);
  }
}

function openUnnamed(): number {
  let failure: unknown;
  for (const folder of process.platform === 'linux' ? ['/dev/shm', tmpdir()] : [tmpdir()]) {
    const path = join(folder, `pool-${randomUUID()}`);
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
