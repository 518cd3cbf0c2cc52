/** How long to wait between attempts. Durations are seconds. */
export interface BackOffOptions {
  /** The longest first wait. @default 0.25 */
  initial?: number;
  /** What the wait grows by with each attempt. @default 2 */
  factor?: number;
  /** No wait is longer. @default 30 */
  max?: number;
  /** The random share of a wait, from 0 (none) to 1 (all), so that a fleet does not return in step. @default 0.5 */
  jitter?: number;
}

/** The longest wait between two attempts, in seconds. */
export function longestWait({ max = 30 }: BackOffOptions = {}): number {
  return max;
}

/**
 * Seconds to wait before attempt number `attempt` (0 is the first retry): exponential, with jitter, bounded.
 * `random` gives numbers from 0 to 1.
 */
export function backOff(
  attempt: number,
  options: BackOffOptions = {},
  random: () => number = Math.random,
): number {
  const { initial = 0.25, factor = 2, jitter = 0.5 } = options;
  const wait = Math.min(longestWait(options), initial * factor ** attempt);
  return wait * (1 - jitter) + wait * jitter * random();
}
