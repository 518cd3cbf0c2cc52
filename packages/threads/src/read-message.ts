import type { MixedBatch } from './message-writer.js';

/** The batch of messages in what came from a port. */
export function readMessage(message: unknown): readonly unknown[] {
  if (typeof message === 'string') return JSON.parse(message) as unknown[];
  const array = message as readonly unknown[];
  return typeof array[0] === 'string' ? readMixed(array as MixedBatch) : array;
}

function readMixed([text, paths, buffers, values]: MixedBatch): unknown[] {
  const batch = JSON.parse(text) as unknown[];
  paths.forEach((path, i) => {
    const value = buffers[i] === true ? toBuffer(values[i] as Uint8Array) : values[i];
    let holder = batch as unknown as Record<string | number, unknown>;
    for (const part of path.slice(0, -1)) holder = holder[part] as Record<string | number, unknown>;
    const last = path.at(-1) as string | number;
    // An own key of this name came from JSON as such; assigning would set the prototype.
    if (last === '__proto__')
      Object.defineProperty(holder, last, { value, enumerable: true, configurable: true, writable: true });
    else holder[last] = value;
  });
  return batch;
}

function toBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
