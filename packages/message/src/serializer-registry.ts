import { Buffer } from 'node:buffer';
import {
  CodecNotFoundError,
  ContentDisallowedError,
  DecodeError,
  EncodeError,
  MessageError,
} from './errors.js';
import { hardenValue } from './harden.js';
import { createJsonSerializer, type JsonSerializerOptions } from './json-serializer.js';
import { limitExceeded, type MessageLimits, resolveLimits } from './limits.js';
import type { Serializer } from './serializer.js';
import { decodeText } from './text.js';

export interface SerializerRegistryOptions {
  /** Options of the built-in `json`. */
  json?: JsonSerializerOptions | undefined;
  limits?: Partial<MessageLimits> | undefined;
}

/** What serialising a value gave. */
export interface EncodedContent {
  body: Uint8Array;
  contentType: string;
  contentEncoding: string;
}

/** The serializers of one app, by name and by content type. Make one with `createSerializerRegistry`. */
export class SerializerRegistry {
  readonly #byName = new Map<string, Serializer>();
  readonly #byType = new Map<string, Serializer>();
  readonly #limits: Readonly<MessageLimits>;
  readonly #hardened = new WeakSet<Serializer>();

  constructor(options: SerializerRegistryOptions = {}) {
    this.#limits = resolveLimits(options.limits);
    const json = createJsonSerializer({ maxDepth: this.#limits.maxDepth, ...options.json });
    this.register(json).register(RAW).register(TEXT);
    // It checks depth and keys while it parses.
    this.#hardened.add(json);
  }

  get names(): string[] {
    return [...this.#byName.keys()];
  }

  /**
   * Adds a serializer; one of the same name or content type is replaced. What it decodes is checked for depth and
   * for keys that change prototypes, as with the built-in ones.
   */
  register(serializer: Serializer): this {
    const { name, contentType } = serializer;
    if (typeof name !== 'string' || name === '' || typeof contentType !== 'string' || contentType === '') {
      throw new TypeError('Expected a serializer with a name and a contentType');
    }
    this.#byName.set(name, serializer);
    this.#byType.set(contentType, serializer);
    return this;
  }

  /** The serializer of that name. Throws CodecNotFoundError, naming those there are. */
  get(name: string): Serializer {
    const serializer = this.#byName.get(name);
    if (serializer === undefined) {
      throw new CodecNotFoundError(
        `No serializer named ${JSON.stringify(name)}; there are ${this.names.join(', ')}. Register it first`,
        { codec: name },
      );
    }
    return serializer;
  }

  /** Name of the serializer of a content type. Throws CodecNotFoundError. */
  nameOf(contentType: string): string {
    const serializer = this.#byType.get(contentType);
    if (serializer !== undefined) return serializer.name;
    throw new CodecNotFoundError(`No serializer registered for the type ${JSON.stringify(contentType)}`, {
      codec: contentType,
    });
  }

  /** Content types of a list of serializer names and content types, for `decode`. */
  contentTypes(accept: Iterable<string>): ReadonlySet<string> {
    const types = new Set<string>();
    for (const item of accept) types.add(item.includes('/') ? item : this.get(item).contentType);
    return types;
  }

  /** Throws EncodeError, or CodecNotFoundError for a serializer nobody registered. */
  encode(value: unknown, name = 'json'): EncodedContent {
    const serializer = this.get(name);
    try {
      const { contentType, contentEncoding } = serializer;
      return { body: serializer.encode(value), contentType, contentEncoding };
    } catch (cause) {
      if (cause instanceof MessageError) throw cause;
      throw new EncodeError(`The ${name} serializer cannot encode the value: ${reason(cause)}`, { cause });
    }
  }

  /**
   * Body to plain data; a content type that `accept` (as `contentTypes` gives it) lacks is refused untouched.
   * Throws ContentDisallowedError, LimitExceededError, DecodeError.
   */
  decode(content: EncodedContent, accept: ReadonlySet<string>): unknown {
    const { body, contentType, contentEncoding } = content;
    const serializer = this.#accepted(contentType, accept);
    // What came compressed was held to a bound of its own.
    if (body.length > Math.max(this.#limits.maxBodyBytes, this.#limits.maxDecompressedBytes)) {
      throw limitExceeded('maxBodyBytes', this.#limits.maxBodyBytes, 'Body of a message');
    }
    const value = guarded(serializer, () => serializer.decode(body, contentEncoding.toLowerCase()));
    if (!this.#hardened.has(serializer)) hardenValue(value, this.#limits.maxDepth);
    return value;
  }

  /** Second step: turns the tagged values in plain data that `decode` gave into live ones, partly in place. */
  revive(value: unknown, contentType: string): unknown {
    const serializer = this.#byType.get(contentType);
    if (serializer?.revive === undefined) return value;
    return guarded(serializer, () => serializer.revive?.(value));
  }

  #accepted(contentType: string, accept: ReadonlySet<string>): Serializer {
    if (!accept.has(contentType)) {
      throw new ContentDisallowedError(
        `Refused a body of type ${JSON.stringify(contentType)}; accepted are ${[...accept].join(', ')}`,
        { contentType },
      );
    }
    const serializer = this.#byType.get(contentType);
    if (serializer === undefined) {
      throw new CodecNotFoundError(`No serializer registered for the accepted type ${contentType}`, {
        codec: contentType,
      });
    }
    return serializer;
  }
}

/** A registry with `json`, `raw` (bytes) and `text`; register yaml, msgpack or your own on it. */
export function createSerializerRegistry(options?: SerializerRegistryOptions): SerializerRegistry {
  return new SerializerRegistry(options);
}

const RAW: Serializer = Object.freeze({
  name: 'raw',
  contentType: 'application/data',
  contentEncoding: 'binary',
  encode: (value: unknown): Uint8Array => {
    if (value instanceof Uint8Array) return value;
    throw new EncodeError('The raw serializer takes bytes only; use text or json');
  },
  decode: (body: Uint8Array) => body,
});

const TEXT: Serializer = Object.freeze({
  name: 'text',
  contentType: 'text/plain',
  contentEncoding: 'utf-8',
  encode: (value: unknown): Uint8Array => {
    if (typeof value === 'string') return Buffer.from(value);
    throw new EncodeError('The text serializer takes strings only; use json');
  },
  decode: decodeText,
});

function guarded<T>(serializer: Serializer, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    if (cause instanceof MessageError) throw cause;
    throw new DecodeError(`The ${serializer.name} serializer cannot decode the body: ${reason(cause)}`, {
      cause,
    });
  }
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
