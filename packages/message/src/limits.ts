import { LimitExceededError } from './errors.js';

/** Bounds for what strangers may send. Every decoder refuses what passes them with `LimitExceededError`. */
export interface MessageLimits {
  /** Bytes of a body as it travels. @default 134217728 (128 MiB, RabbitMQ's own bound) */
  maxBodyBytes: number;
  /** Bytes of a body that came compressed, after decompression. @default 33554432 (32 MiB) */
  maxDecompressedBytes: number;
  /** Nesting of arrays and objects in a body, in headers and in what we encode. @default 512 */
  maxDepth: number;
  /** Number of headers. @default 256 */
  maxHeaders: number;
  /** Characters of an envelope without its body, that is headers and properties. @default 1048576 (1 MiB) */
  maxHeaderBytes: number;
}

const MIB = 1024 * 1024;

export const DEFAULT_LIMITS: Readonly<MessageLimits> = Object.freeze({
  maxBodyBytes: 128 * MIB,
  // A bomb of bzip2 is refused only when so much of it is decompressed, which takes a worker's loop.
  maxDecompressedBytes: 32 * MIB,
  maxDepth: 512,
  maxHeaders: 256,
  maxHeaderBytes: MIB,
});

/** Completes limits with the defaults. Throws TypeError for a value that is not a number above zero. */
export function resolveLimits(limits?: Partial<MessageLimits>): Readonly<MessageLimits> {
  if (limits === undefined) return DEFAULT_LIMITS;
  const resolved: MessageLimits = { ...DEFAULT_LIMITS };
  for (const name of Object.keys(DEFAULT_LIMITS) as (keyof MessageLimits)[]) {
    const value = limits[name];
    if (value === undefined) continue;
    if (!(typeof value === 'number' && value > 0)) {
      throw new TypeError(`Expected limit ${name} to be a number above zero, got ${String(value)}`);
    }
    resolved[name] = value;
  }
  return Object.freeze(resolved);
}

export function limitExceeded(limit: keyof MessageLimits, max: number, what: string): LimitExceededError {
  return new LimitExceededError(`${what} is over ${limit} = ${max}; raise the limit if it is legitimate`, {
    limit,
    max,
  });
}
