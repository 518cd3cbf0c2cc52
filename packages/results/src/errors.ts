import { PoolError } from './pool-error.js';

/** The store could not be reached, or refused. `cause` is what its client said. */
export class ResultStoreError extends PoolError {
  static override readonly code: string = 'ERR_POOL_RESULT_STORE';
}

/** The store could not be reached; it may be there later, and `connect` may be called again. */
export class ResultStoreAwayError extends ResultStoreError {
  static override readonly code: string = 'ERR_POOL_RESULT_STORE_AWAY';
}

/** The store was closed; open a new one. */
export class ResultStoreClosedError extends ResultStoreError {
  static override readonly code: string = 'ERR_POOL_RESULT_STORE_CLOSED';
}

/** No result store goes by this URL, or its package is not installed; the message says what to do. */
export class ResultStoreNotFoundError extends PoolError {
  static override readonly code: string = 'ERR_POOL_RESULT_STORE_NOT_FOUND';
  /** The npm package that was looked for, if it came to that. */
  readonly package: string | undefined;

  constructor(message: string, options: ErrorOptions & { package?: string } = {}) {
    super(message, options);
    this.package = options.package;
  }
}

/** The store cannot do what was asked. `capability` names what it would need. */
export class NotSupportedError extends PoolError {
  static override readonly code: string = 'ERR_POOL_NOT_SUPPORTED';
  readonly capability: string;

  constructor(message: string, options: ErrorOptions & { capability: string }) {
    super(message, options);
    this.capability = options.capability;
  }
}

/** A wait ended before the results were there. `ids` are the tasks still missing. */
export class ResultTimeoutError extends PoolError {
  static override readonly code: string = 'ERR_POOL_RESULT_TIMEOUT';
  readonly ids: readonly string[];
  /** How long was waited, in seconds. */
  readonly seconds: number;

  constructor(ids: readonly string[], seconds: number) {
    const what = ids.length === 1 ? `the result of task ${ids[0]}` : `${ids.length} results`;
    super(`${what} did not arrive within ${seconds} s`);
    this.ids = ids;
    this.seconds = seconds;
  }
}

/** A stored document is not one that Celery or Pool writes. The task it belongs to is `id`. */
export class ResultDecodeError extends PoolError {
  static override readonly code: string = 'ERR_POOL_RESULT_DECODE';
  readonly id: string;

  constructor(message: string, options: ErrorOptions & { id: string }) {
    super(message, options);
    this.id = options.id;
  }
}
