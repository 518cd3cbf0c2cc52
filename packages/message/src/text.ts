import { Buffer, isUtf8 } from 'node:buffer';
import { DecodeError } from './errors.js';

/** Text of bytes that must be valid UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string {
  if (!isUtf8(bytes)) throw new DecodeError('Not valid UTF-8');
  return asBuffer(bytes).toString('utf8');
}

/** The same bytes as a Buffer, without a copy. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Text of bytes in any encoding that the platform knows. */
export function decodeText(bytes: Uint8Array, encoding: string): string {
  if (encoding === 'utf-8' || encoding === '') return decodeUtf8(bytes);
  let decoder: InstanceType<typeof TextDecoder>;
  try {
    decoder = new TextDecoder(encoding, { fatal: true });
  } catch (cause) {
    throw new DecodeError(`Unknown content encoding ${JSON.stringify(encoding)}`, { cause });
  }
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new DecodeError(`Not valid ${encoding}`, { cause });
  }
}
