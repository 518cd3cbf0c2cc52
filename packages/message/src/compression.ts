import * as zlib from 'node:zlib';
import { decompressBzip2 } from './bzip2/decode.js';
import { compressBzip2 } from './bzip2/encode.js';
import { CodecNotFoundError, DecodeError, EncodeError, MessageError } from './errors.js';
import { limitExceeded, type MessageLimits, resolveLimits } from './limits.js';

/** One way to compress bodies. May throw anything; the registry turns it into typed errors. */
export interface Compression {
  /** The name producers choose it by, e.g. `zstd`. */
  name: string;
  /** Value of the `compression` header. */
  contentType: string;
  aliases?: readonly string[] | undefined;
  compress(body: Uint8Array): Uint8Array;
  /** Must give up once the output passes `maxBytes`; a RangeError says so. */
  decompress(body: Uint8Array, maxBytes: number): Uint8Array;
}

/** The compressions of one app, by name, alias and content type. Make one with `createCompressionRegistry`. */
export class CompressionRegistry {
  readonly #byName = new Map<string, Compression>();
  readonly #maxBytes: number;

  constructor(limits?: Partial<MessageLimits>) {
    this.#maxBytes = resolveLimits(limits).maxDecompressedBytes;
  }

  get names(): string[] {
    return [...new Set([...this.#byName.values()].map((compression) => compression.name))];
  }

  /** Adds a compression; names and types already taken are replaced. */
  register(compression: Compression): this {
    const { name, contentType, aliases = [] } = compression;
    for (const key of [name, contentType, ...aliases]) {
      if (typeof key !== 'string' || key === '') throw new TypeError('Expected a compression with names');
      this.#byName.set(key, compression);
    }
    return this;
  }

  /** By name, alias or content type. Throws CodecNotFoundError, naming those there are. */
  get(name: string): Compression {
    const compression = this.#byName.get(name);
    if (compression === undefined) {
      throw new CodecNotFoundError(
        `No compression named ${JSON.stringify(name)}; there are ${this.names.join(', ')}. Register it first`,
        { codec: name },
      );
    }
    return compression;
  }

  /** Throws EncodeError, CodecNotFoundError. */
  compress(body: Uint8Array, name: string): { body: Uint8Array; contentType: string } {
    const compression = this.get(name);
    try {
      return { body: compression.compress(body), contentType: compression.contentType };
    } catch (cause) {
      throw new EncodeError(`${compression.name} cannot compress the body: ${reason(cause)}`, { cause });
    }
  }

  /** Throws LimitExceededError past `maxDecompressedBytes`, DecodeError for broken data, CodecNotFoundError. */
  decompress(body: Uint8Array, name: string): Uint8Array {
    const compression = this.get(name);
    let plain: Uint8Array;
    try {
      plain = compression.decompress(body, this.#maxBytes);
    } catch (cause) {
      if (cause instanceof MessageError) throw cause;
      if (cause instanceof RangeError) throw this.#tooLarge();
      throw new DecodeError(`${compression.name} cannot decompress the body: ${reason(cause)}`, { cause });
    }
    if (plain.length > this.#maxBytes) throw this.#tooLarge();
    return plain;
  }

  #tooLarge(): MessageError {
    return limitExceeded('maxDecompressedBytes', this.#maxBytes, 'Decompressed body of a message');
  }
}

/** A registry with Celery's `gzip` (and `zlib`), `bzip2`, `brotli`, and `zstd` where this Node has it. */
export function createCompressionRegistry(limits?: Partial<MessageLimits>): CompressionRegistry {
  const registry = new CompressionRegistry(limits).register(ZLIB).register(BZIP2).register(BROTLI);
  const zstd = zlib as unknown as Partial<ZstdOfZlib>;
  if (zstd.zstdCompressSync !== undefined && zstd.zstdDecompressSync !== undefined) {
    registry.register(zstdCompression(zstd as ZstdOfZlib));
  }
  return registry;
}

/** What kombu calls gzip is the zlib format; unzip also reads real gzip, which other producers write. */
const ZLIB: Compression = Object.freeze({
  name: 'gzip',
  contentType: 'application/x-gzip',
  aliases: Object.freeze(['zlib']),
  compress: (body: Uint8Array) => zlib.deflateSync(body),
  decompress: (body: Uint8Array, maxOutputLength: number) => zlib.unzipSync(body, { maxOutputLength }),
});

const BZIP2: Compression = Object.freeze({
  name: 'bzip2',
  contentType: 'application/x-bz2',
  aliases: Object.freeze(['bzip']),
  compress: compressBzip2,
  decompress: decompressBzip2,
});

const BROTLI: Compression = Object.freeze({
  name: 'brotli',
  contentType: 'application/x-brotli',
  compress: (body: Uint8Array) => zlib.brotliCompressSync(body),
  decompress: (body: Uint8Array, maxOutputLength: number) =>
    zlib.brotliDecompressSync(body, { maxOutputLength }),
});

/** Node has zstd from 22.15 on; the types of Node 20 do not know it. */
interface ZstdOfZlib {
  zstdCompressSync(body: Uint8Array): Uint8Array;
  zstdDecompressSync(body: Uint8Array, options: { maxOutputLength: number }): Uint8Array;
}

function zstdCompression(zstd: ZstdOfZlib): Compression {
  return {
    name: 'zstd',
    contentType: 'application/zstd',
    aliases: ['zstandard'],
    compress: (body) => zstd.zstdCompressSync(body),
    decompress: (body, maxOutputLength) => zstd.zstdDecompressSync(body, { maxOutputLength }),
  };
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
