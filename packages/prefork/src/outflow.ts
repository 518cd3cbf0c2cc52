import { writeSync } from 'node:fs';
import type { Socket } from 'node:net';
import { handleOf } from './pipe-handle.js';

/**
 * Writes to one of a process's pipes: at once where the pipe takes it, which is nearly always, and through its socket what
 * is left then. A stream's bookkeeping for a write takes longer than the write.
 */
export class Outflow {
  readonly #socket: Socket;

  /** @param onDrain everything that waited has been written */
  constructor(socket: Socket, onDrain: () => void) {
    this.#socket = socket;
    socket.unref();
    socket.on('error', () => {});
    socket.on('drain', onDrain);
  }

  /** Sends pieces in order, and tells how many bytes wait now. Memory of pieces is in use while that is not 0. */
  send(pieces: readonly Buffer[]): number {
    const socket = this.#socket;
    if (!socket.writable) return 0;
    let first = 0;
    let rest: Buffer | undefined;
    // Asked each time: the number is another's once the socket has closed.
    const fd = socket.writableLength === 0 ? (handleOf(socket)?.fd ?? -1) : -1;
    if (fd >= 0) {
      for (; first < pieces.length; first++) {
        const piece = pieces[first] as Buffer;
        const written = write(fd, piece);
        // The process is gone, as will be told.
        if (written === undefined) return 0;
        if (written === piece.length) continue;
        rest = piece.subarray(written);
        first += 1;
        break;
      }
      if (rest === undefined) return 0;
    }
    socket.cork();
    if (rest !== undefined) socket.write(rest);
    for (; first < pieces.length; first++) socket.write(pieces[first] as Buffer);
    socket.uncork();
    return socket.writableLength;
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** How many bytes the pipe took; undefined if nobody reads it. */
function write(fd: number, piece: Buffer): number | undefined {
  try {
    return writeSync(fd, piece);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EAGAIN' ? 0 : undefined;
  }
}
