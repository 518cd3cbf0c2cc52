const POOL_ERROR: symbol = Symbol.for('@pool/error');
const MESSAGE_ERROR: symbol = Symbol.for('@pool/message/error');

/**
 * Base of every error this package throws on bad data. Compare with `isInstance`, which also recognises errors
 * that come from a second installed copy of the package; `instanceof` does not.
 */
export class MessageError extends Error {
  /** Stable between majors; the message text is not. */
  static readonly code: string = 'ERR_POOL_MESSAGE';
  readonly code: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.code = new.target.code;
  }

  static {
    MessageError.prototype.name = 'MessageError';
    for (const brand of [POOL_ERROR, MESSAGE_ERROR]) {
      Object.defineProperty(MessageError.prototype, brand, { value: true });
    }
  }

  /** True for an error of this class (or, on `MessageError` itself, of any class of this package). */
  static isInstance<T extends abstract new (...args: never[]) => unknown>(
    this: T,
    error: unknown,
  ): error is InstanceType<T> {
    if (typeof error !== 'object' || error === null || !(MESSAGE_ERROR in error)) return false;
    const own: unknown = 'code' in this ? this.code : undefined;
    return own === MessageError.code || ('code' in error && error.code === own);
  }
}

/** The bytes are not what they say they are: broken JSON, invalid UTF-8, an envelope without a body. */
export class DecodeError extends MessageError {
  static override readonly code: string = 'ERR_POOL_DECODE';

  static {
    DecodeError.prototype.name = 'DecodeError';
  }
}

/** A value has no form in the chosen serializer. `path` says where it is, as in `args[0].when`. */
export class EncodeError extends MessageError {
  static override readonly code: string = 'ERR_POOL_ENCODE';
  readonly path: string;

  constructor(message: string, options?: ErrorOptions & { path?: string }) {
    super(message, options);
    this.path = options?.path ?? '';
  }

  static {
    EncodeError.prototype.name = 'EncodeError';
  }
}

/** The content type is known or unknown, but not on the list of accepted ones; the body was not touched. */
export class ContentDisallowedError extends MessageError {
  static override readonly code: string = 'ERR_POOL_CONTENT_DISALLOWED';
  readonly contentType: string;

  constructor(message: string, options: ErrorOptions & { contentType: string }) {
    super(message, options);
    this.contentType = options.contentType;
  }

  static {
    ContentDisallowedError.prototype.name = 'ContentDisallowedError';
  }
}

/** A serializer or compression was named that nobody registered. */
export class CodecNotFoundError extends MessageError {
  static override readonly code: string = 'ERR_POOL_CODEC_NOT_FOUND';
  readonly codec: string;

  constructor(message: string, options: ErrorOptions & { codec: string }) {
    super(message, options);
    this.codec = options.codec;
  }

  static {
    CodecNotFoundError.prototype.name = 'CodecNotFoundError';
  }
}

/** A message that decodes, but is not a task: `field` names what is missing or malformed. */
export class InvalidTaskError extends MessageError {
  static override readonly code: string = 'ERR_POOL_INVALID_TASK';
  readonly field: string;

  constructor(message: string, options: ErrorOptions & { field: string }) {
    super(message, options);
    this.field = options.field;
  }

  static {
    InvalidTaskError.prototype.name = 'InvalidTaskError';
  }
}

/** A bound of `MessageLimits` was passed; `limit` names it, `max` is its value. */
export class LimitExceededError extends MessageError {
  static override readonly code: string = 'ERR_POOL_LIMIT_EXCEEDED';
  readonly limit: string;
  readonly max: number;

  constructor(message: string, options: ErrorOptions & { limit: string; max: number }) {
    super(message, options);
    this.limit = options.limit;
    this.max = options.max;
  }

  static {
    LimitExceededError.prototype.name = 'LimitExceededError';
  }
}
