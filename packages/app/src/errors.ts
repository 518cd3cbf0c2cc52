import { PoolError } from '@pool/results';

/** A setting is missing, unknown or wrong. The message names it and says what to do. */
export class ConfigError extends PoolError {
  static override readonly code: string = 'ERR_POOL_CONFIG';
  /** The setting's name. */
  readonly setting: string;

  constructor(message: string, options: ErrorOptions & { setting: string }) {
    super(message, options);
    this.setting = options.setting;
  }
}

/** A task of this name is defined twice. */
export class AlreadyRegisteredError extends PoolError {
  static override readonly code: string = 'ERR_POOL_ALREADY_REGISTERED';
}

/** A message is to go to a queue that `taskQueues` does not have, and `taskCreateMissingQueues` is off. */
export class QueueNotFoundError extends PoolError {
  static override readonly code: string = 'ERR_POOL_QUEUE_NOT_FOUND';
  readonly queue: string;

  constructor(queue: string) {
    super(`queue ${queue} is missing from taskQueues; add it there or allow taskCreateMissingQueues`);
    this.queue = queue;
  }
}

/** The app was closed; make a new one. */
export class AppClosedError extends PoolError {
  static override readonly code: string = 'ERR_POOL_APP_CLOSED';
}
