import type { Socket } from 'node:net';
import { handleOf } from './pipe-handle.js';

/**
 * Makes this process wait until what it prints is in the pipe: what Node has taken and not written would be gone when the
 * process ends, and grow without bound where nobody reads. Done when the stream is first used, since it takes long to open.
 */
export function writeThrough(name: 'stdout' | 'stderr'): void {
  const lazy = Object.getOwnPropertyDescriptor(process, name);
  if (lazy?.get === undefined) return;
  const { get } = lazy;
  Object.defineProperty(process, name, {
    ...lazy,
    get() {
      const stream = get.call(process) as Socket;
      handleOf(stream)?.setBlocking?.(true);
      Object.defineProperty(process, name, lazy);
      return stream;
    },
  });
}
