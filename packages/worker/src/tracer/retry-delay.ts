import type { ErrorMatcher, ResolvedTaskOptions } from '@pool/app';

/** Whether an error is one of these: by class, or by name or `code`, which also fit errors of another process. */
export function matchesAny(error: unknown, matchers: readonly ErrorMatcher[]): boolean {
  for (const matcher of matchers) {
    if (typeof matcher !== 'string') {
      if (error instanceof matcher) return true;
    } else if (typeof error === 'object' && error !== null) {
      const { name, code } = error as { name?: unknown; code?: unknown };
      if (matcher === name || matcher === code || matcher === error.constructor?.name) return true;
    }
  }
  return false;
}

/** Whether a failed task is to run again by itself. */
export function isAutoretried(error: unknown, options: ResolvedTaskOptions): boolean {
  return matchesAny(error, options.autoretryFor) && !matchesAny(error, options.dontAutoretryFor);
}

/**
 * Seconds before an automatic retry: Celery's exponential back-off with full jitter
 * (`celery.utils.time.get_exponential_backoff_interval`), or the task's `defaultRetryDelay` without back-off.
 */
export function autoretryDelay(
  retries: number,
  options: ResolvedTaskOptions,
  random: () => number = Math.random,
): number {
  const { retryBackoff, retryBackoffMax, retryJitter, defaultRetryDelay } = options;
  if (retryBackoff === false) return defaultRetryDelay;
  const factor = retryBackoff === true ? 1 : retryBackoff;
  const delay = Math.min(retryBackoffMax, factor * 2 ** retries);
  return retryJitter ? delay * random() : delay;
}
