import { gated } from './gated.js';

export class BadInput extends Error {}

export function fail(message: string): never {
  throw new BadInput(message);
}

export async function failLater(message: string): Promise<never> {
  await Promise.resolve();
  throw new BadInput(message);
}

/** Throws an error with everything an error can carry. */
export function failRichly(): never {
  const inner = Object.assign(new TypeError('the inner one'), { code: 'E_INNER' });
  const outer = new RangeError('the outer one', { cause: inner });
  throw Object.assign(outer, { code: 'E_OUTER', attempts: 3, host: 'example', nothing: null });
}

/** Throws what is not an error. */
export function failOddly(kind: string): never {
  switch (kind) {
    case 'undefined':
      throw undefined;
    case 'null':
      throw null;
    case 'string':
      throw 'just text';
    case 'object':
      throw { reason: 'an object' };
    default: {
      const error = new Error('poisoned');
      Object.defineProperty(error, 'message', {
        get() {
          throw new Error('no message for you');
        },
      });
      throw error;
    }
  }
}

/** An error whose causes run in a circle. */
export function failInCircles(): never {
  const error = new Error('round and round');
  error.cause = error;
  throw error;
}

/** Throws an error that the copy of the core at this URL made. */
export async function failWithCoreAt(url: string): Promise<never> {
  const core = (await import(url)) as { SoftTimeLimitExceeded: new (seconds: number) => Error };
  throw new core.SoftTimeLimitExceeded(7);
}

export function throwAfterReturn(): string {
  setTimeout(() => {
    throw new Error('thrown after the job had returned');
  }, 0);
  return 'returned';
}

export function rejectUnheard(): string {
  void Promise.reject(new Error('a rejection that nobody handles'));
  return 'returned';
}

export function exit(code: number): never {
  process.exit(code);
}

/** Knocks, and ends what runs it when let through. */
export async function exitAfterGate(port: number, label: string, code: number): Promise<never> {
  await gated(port, label);
  process.exit(code);
}
