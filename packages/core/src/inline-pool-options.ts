import { type PoolOptions, poolOptionNames } from './pool-options.js';

/** What every pool that runs jobs in its own process can be told. */
export interface InlinePoolOptions extends PoolOptions {
  /**
   * Whether synchronous code is interrupted when a limit of its job passes. V8's watchdog is armed for each job that has
   * a limit, which costs tens of microseconds.
   */
  interrupt?: boolean | undefined;
  /**
   * Whether jobs are followed through asynchronous code, by AsyncLocalStorage: `currentJob()` is known there, `process.exit`
   * in a timer ends only the job, and an error thrown where nobody can catch it fails its job rather than ending the
   * process. On Node 20 every promise of the process costs two to three times as much while a pool does so.
   *
   * @default false
   */
  asyncContext?: boolean | undefined;
}

/** The names of {@link InlinePoolOptions}. */
export const inlinePoolOptionNames: readonly string[] = [...poolOptionNames, 'interrupt', 'asyncContext'];

/** `value`, or the default when there is none; a TypeError when it is no boolean. */
export function flag(name: string, value: unknown, otherwise: boolean): boolean {
  if (value === undefined || value === null) return otherwise;
  if (typeof value === 'boolean') return value;
  throw new TypeError(`${name} must be true or false, not ${String(value)}`);
}
