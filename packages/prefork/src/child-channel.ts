import { readSync, writeSync } from 'node:fs';
import {
  type ChildRunner,
  FrameReader,
  FrameWriter,
  type Outlet,
  type Serialization,
} from '@pool/core/child';
import { readDescriptor } from './inlet.js';

/** Where the pool speaks, beside stdin, stdout and stderr, and where this process answers. */
const FROM_POOL = 3;
const TO_POOL = 4;
/** Where the pool speaks to a process that stands by. */
const LANE = 6;
/** How much of what the pool says is read at once before `node:net` is there. */
const FIRST_BYTES = 64 * 1024;
/** How long a process may go without turning its event loop, in milliseconds. */
const TURN_MS = 2;

/**
 * A child's end of its channel. It hears the pool by its event loop, with one exception: when the pool says that it will
 * answer at once (it marks its frame), and the jobs of that frame have ended in the same breath, the child says that it
 * stands by (it marks its own) and waits in a blocking read. A turn of the event loop between two jobs takes longer than
 * most of what a small job takes. The pool has more for it then, or sends it on with an empty frame.
 */
export class ChildChannel implements Outlet {
  readonly #writer: FrameWriter;
  #runner: ChildRunner | undefined = undefined;
  /** Whether the last frame was marked, and the event loop has not turned since. */
  #invited = false;
  /** Whether the pool was told that this process stands by. */
  #standing = false;
  #turnAt = 0;
  /** Whether a frame is being sent: at the start of another one that means that the last was interrupted. */
  #sending = false;
  #torn = false;

  constructor(serialization: Serialization) {
    this.#writer = new FrameWriter(serialization);
  }

  /** Hands what the pool says to the runner, until the pool is gone. */
  listen(runner: ChildRunner): void {
    this.#runner = runner;
    const reader = new FrameReader((batch, marked) => {
      this.#invited = marked;
      runner.receive(batch);
    });
    const lane = new FrameReader((batch, marked) => {
      this.#standing = false;
      this.#invited = marked;
      runner.receive(batch);
    });
    const hear = (buffer: Buffer, length: number): void => {
      this.#turnAt = performance.now();
      reader.push(buffer, length);
      while (this.#standing) {
        const read = readSync(LANE, buffer, 0, buffer.length, null);
        if (read === 0) {
          this.#standing = false;
          runner.disconnect();
        } else lane.push(buffer, read);
      }
      this.#invited = false;
    };
    const listen = (): void => {
      const socket = readDescriptor(FROM_POOL, hear);
      socket.on('error', () => runner.disconnect());
      socket.on('close', () => runner.disconnect());
    };
    if (process.platform === 'win32') {
      listen();
      return;
    }
    // What the pool said when it made this process is there, and what it takes to hear it at any time takes long to load: first
    // things first, the first job included.
    const first = Buffer.allocUnsafe(FIRST_BYTES);
    hear(first, readSync(FROM_POOL, first, 0, first.length, null));
    setImmediate(listen);
  }

  write(kind: number, id: number, a: unknown, b: unknown): void {
    this.#writer.write(kind, id, a, b);
  }

  get full(): boolean {
    return this.#writer.full;
  }

  flush(): void {
    if (this.#writer.empty || this.#torn) return;
    if (this.#sending) this.#leave();
    this.#sending = true;
    const standBy =
      this.#invited &&
      !this.#standing &&
      this.#runner?.idle === true &&
      performance.now() - this.#turnAt < TURN_MS;
    if (standBy) this.#standing = true;
    for (const piece of this.#writer.take(standBy)) writeFully(piece);
    this.#sending = false;
  }

  /** How much of the last frame was sent nobody knows, so there is nothing the pool would understand any more. */
  #leave(): never {
    this.#torn = true;
    console.error('a time limit interrupted a message to the pool, so this process has to end');
    process.exit(1);
  }
}

function writeFully(piece: Buffer): void {
  let at = 0;
  try {
    while (at < piece.length) at += writeSync(TO_POOL, piece, at);
  } catch (error) {
    // The pool is gone; the other half of the channel says so too.
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  }
}
