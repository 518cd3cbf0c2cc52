import type { OnReadOpts, Socket, SocketConstructorOpts } from 'node:net';
import { handleOf, takeHandle } from './pipe-handle.js';

/** How many bytes are read at a time. */
const READ_BYTES = 64 * 1024;

/**
 * Reads what a process writes to one of its pipes, into one buffer that is used again: left to itself, a socket allocates
 * 64 KiB for each read and passes them through a stream, which takes longer than all a pool does for a small job.
 *
 * @param onBytes gets the buffer and how much of it is new; keeps nothing of it
 * @returns the socket to listen to and destroy, which may be another than the one given
 */
export function readInto(socket: Socket, onBytes: (buffer: Buffer, length: number) => void): Socket {
  const handle = handleOf(socket);
  if (typeof handle?.useUserBuffer !== 'function') {
    socket.on('data', (chunk: Buffer) => onBytes(chunk, chunk.length));
    return socket;
  }
  // The option that asks for it is of the constructor, and child_process makes its sockets without.
  takeHandle(socket);
  return newSocket({ handle, writable: false, onread: onreadOf(onBytes) } as SocketConstructorOpts);
}

/** The same for a descriptor of this process. */
export function readDescriptor(fd: number, onBytes: (buffer: Buffer, length: number) => void): Socket {
  return newSocket({
    fd,
    readable: true,
    writable: false,
    onread: onreadOf(onBytes),
  } as SocketConstructorOpts);
}

/** `node:net` is loaded when it is needed: a child is ready before that. */
function newSocket(options: SocketConstructorOpts): Socket {
  return new (process.getBuiltinModule('node:net').Socket)(options);
}

function onreadOf(onBytes: (buffer: Buffer, length: number) => void): OnReadOpts {
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  return {
    buffer,
    callback(length) {
      onBytes(buffer, length);
      return true;
    },
  };
}
