/** Keeps `process.exit` from ending the runner, and notes whether something called it. */
export interface ExitGuard {
  readonly reached: boolean;
  restore(): void;
}

/**
 * Stands in for `process.exit`, for pools whose jobs share our process. Such a pool must catch the call before it gets
 * this far.
 */
export function guardExit(): ExitGuard {
  const original = process.exit;
  let reached = false;
  const guard = (): never => {
    reached = true;
    throw new Error('a job called process.exit() and the pool let it through');
  };
  process.exit = guard;
  return {
    get reached() {
      return reached;
    },
    restore() {
      process.exit = original;
    },
  };
}
