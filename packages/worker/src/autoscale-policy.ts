/** What a worker does and could do at this moment. Reading a measure takes it; what is not read costs nothing. */
export interface WorkerLoad {
  /** How many tasks run or could run now if there were slots. */
  readonly wanted: number;
  /** How many tasks run. */
  readonly running: number;
  readonly slots: number;
  readonly min: number;
  readonly max: number;
  /** How long the task that waits longest for a slot has waited, in seconds; 0 when none does. */
  readonly queueWait: number;
  /** The share of the memory that this process and others may use that is in use, from 0 to 1. */
  readonly memory: number;
  /** By how many seconds the worker's event loop was late at most in the last second. */
  readonly eventLoopDelay: number;
}

/**
 * How many slots there should be. The worker keeps the answer between its bounds; it grows at once, and shrinks only to
 * the most that was asked for within `autoscaleKeepalive`.
 */
export type AutoscalePolicy = (load: WorkerLoad) => number;

/** A slot for every task that could run: what workers do by themselves. */
export const byDemand: AutoscalePolicy = (load) => load.wanted;

/**
 * No more slots than there are while this share of the memory is in use, and one less while more is.
 *
 * @param share from 0 to 1, of the container's memory or the machine's
 */
export function withinMemory(share: number, policy: AutoscalePolicy = byDemand): AutoscalePolicy {
  if (!(share > 0 && share <= 1))
    throw new TypeError(`a share of the memory is above 0 and at most 1, not ${share}`);
  return within((load) => load.memory - share, policy);
}

/**
 * No more slots than there are while the event loop is late by so much, and one less while it is later: for pools that
 * share the worker's process.
 *
 * @param seconds such as 0.1
 */
export function withinEventLoopDelay(seconds: number, policy: AutoscalePolicy = byDemand): AutoscalePolicy {
  if (!(seconds > 0)) throw new TypeError(`a delay is a number of seconds above 0, not ${seconds}`);
  return within((load) => load.eventLoopDelay - seconds, policy);
}

/** @param excess how far a measure is above its bound */
function within(excess: (load: WorkerLoad) => number, policy: AutoscalePolicy): AutoscalePolicy {
  return (load) => {
    const wanted = policy(load);
    // Nothing is to be held back: the measure need not be taken.
    if (wanted < load.slots) return wanted;
    const over = excess(load);
    if (over < 0) return wanted;
    return over === 0 ? load.slots : load.slots - 1;
  };
}
