import { type CompressionRegistry, createCompressionRegistry } from './compression.js';
import { DecodeError } from './errors.js';
import { limitExceeded, type MessageLimits, resolveLimits } from './limits.js';
import type { Message } from './message.js';
import {
  createSerializerRegistry,
  type EncodedContent,
  type SerializerRegistry,
} from './serializer-registry.js';

export interface CodecOptions {
  serializers?: SerializerRegistry | undefined;
  compressions?: CompressionRegistry | undefined;
  /** Names or content types that may be decoded. @default ['json'] */
  acceptContent?: readonly string[] | undefined;
  limits?: Partial<MessageLimits> | undefined;
}

/** How to write one body. */
export interface EncodeOptions {
  /** @default 'json' */
  serializer?: string | undefined;
  /** Name of a compression; none by default. */
  compression?: string | undefined;
  /** @default a codec with the defaults of `createCodec` */
  codec?: Codec | undefined;
}

export interface DecodeOptions {
  /** @default a codec with the defaults of `createCodec` */
  codec?: Codec | undefined;
}

/** A body with what its message must say about it. */
export interface EncodedBody extends EncodedContent {
  /** Value of the `compression` header, when compressed. */
  compression?: string;
}

/** The part of a message that decoding its body needs. */
export type BodySource = Pick<Message, 'body' | 'contentType' | 'contentEncoding' | 'headers'>;

/** Serializers, compressions, accepted content and limits of one app, used together. Make one with `createCodec`. */
export class Codec {
  readonly serializers: SerializerRegistry;
  readonly compressions: CompressionRegistry;
  readonly accept: ReadonlySet<string>;
  readonly limits: Readonly<MessageLimits>;

  constructor(options: CodecOptions = {}) {
    this.limits = resolveLimits(options.limits);
    this.serializers = options.serializers ?? createSerializerRegistry({ limits: this.limits });
    this.compressions = options.compressions ?? createCompressionRegistry(this.limits);
    this.accept = this.serializers.contentTypes(options.acceptContent ?? ['json']);
  }

  /** Throws EncodeError, CodecNotFoundError. */
  encode(value: unknown, options: EncodeOptions = {}): EncodedBody {
    const content = this.serializers.encode(value, options.serializer);
    if (options.compression === undefined) return content;
    const { body, contentType } = this.compressions.compress(content.body, options.compression);
    return { ...content, body, compression: contentType };
  }

  /**
   * Body to plain data, decompressed and within all limits; typed values are still tagged, so that it can be sent on
   * as it came. Throws ContentDisallowedError, LimitExceededError, DecodeError, CodecNotFoundError.
   */
  decodePlain(source: BodySource): unknown {
    const { contentType, contentEncoding, headers } = source;
    let { body } = source;
    if (body.length > this.limits.maxBodyBytes) {
      throw limitExceeded('maxBodyBytes', this.limits.maxBodyBytes, 'Body of a message');
    }
    const compression = headers['compression'];
    // An unaccepted type is refused before work is spent on it.
    if (compression !== undefined && compression !== null && this.accept.has(contentType)) {
      if (typeof compression !== 'string') throw new DecodeError('The header compression is not a string');
      body = this.compressions.decompress(body, compression);
    }
    return this.serializers.decode({ body, contentType, contentEncoding }, this.accept);
  }

  /** As `decodePlain`, with typed values live: dates are Date, bytes are Buffer. */
  decode(source: BodySource): unknown {
    return this.revive(this.decodePlain(source), source.contentType);
  }

  /** Makes the typed values in plain data live; partly in place. */
  revive(value: unknown, contentType: string): unknown {
    return this.serializers.revive(value, contentType);
  }
}

/** A codec with `json`, `raw` and `text`, the built-in compressions, accepting only json. */
export function createCodec(options?: CodecOptions): Codec {
  return new Codec(options);
}

let shared: Codec | undefined;

/** The codec of calls that bring none. Nobody outside gets hold of it, so it never changes. */
export function codecOf(options: { codec?: Codec | undefined } | undefined): Codec {
  if (options?.codec !== undefined) return options.codec;
  shared ??= new Codec();
  return shared;
}
