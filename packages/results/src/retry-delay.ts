const MIN_DELAY = 50;
const MAX_DELAY = 5000;

/** Milliseconds before a store that is away is tried again: exponential, bounded. */
export function retryDelay(attempt: number): number {
  return Math.min(MAX_DELAY, MIN_DELAY * 2 ** Math.min(attempt, 10));
}
