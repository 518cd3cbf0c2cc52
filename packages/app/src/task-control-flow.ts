import type { SignatureData } from '@pool/message';
import { PoolError } from '@pool/results';
import type { RetryOptions } from './task-context.js';

/** A way for a task to end that is neither success nor failure. The worker acts on it. */
export class TaskPredicate extends PoolError {
  static override readonly code: string = 'ERR_POOL_TASK_PREDICATE';
}

/** The task is to run again. Thrown by `self.retry`. */
export class Retry extends TaskPredicate {
  static override readonly code: string = 'ERR_POOL_RETRY';
  readonly options: RetryOptions;

  constructor(options: RetryOptions = {}) {
    const { error, countdown, eta } = options;
    const when = eta ? ` at ${eta.toISOString()}` : countdown === undefined ? '' : ` in ${countdown} s`;
    const why = error === undefined ? '' : `: ${error instanceof Error ? error.message : String(error)}`;
    super(`Retry${when}${why}`, error === undefined ? undefined : { cause: error });
    this.options = options;
  }
}

/** The task ends without a state being stored; its message is done with. */
export class Ignore extends TaskPredicate {
  static override readonly code: string = 'ERR_POOL_IGNORE';

  constructor(message = 'the task ended without a result') {
    super(message);
  }
}

/** The message is rejected: dead-lettered by brokers that can, or delivered again with `requeue`. */
export class Reject extends TaskPredicate {
  static override readonly code: string = 'ERR_POOL_REJECT';
  readonly reason: unknown;
  readonly requeue: boolean;

  constructor(reason?: unknown, options: { requeue?: boolean } = {}) {
    super(reason === undefined ? 'the task rejected its message' : String(reason));
    this.reason = reason;
    this.requeue = options.requeue ?? false;
  }
}

/** Another task takes this one's place. Thrown by `self.replace`. */
export class Replace extends TaskPredicate {
  static override readonly code: string = 'ERR_POOL_REPLACE';
  readonly signature: SignatureData;

  constructor(signature: SignatureData) {
    super(`replaced by ${signature.task}`);
    this.signature = signature;
  }
}
