/** How many tasks run, how many have ended, and when none runs any more. */
export class TaskGauge {
  #running = 0;
  #ended = 0;
  #waiters: (() => void)[] = [];

  /** How many tasks run at this moment. */
  get running(): number {
    return this.#running;
  }

  /** How many requests have ended so far, run or not. */
  get ended(): number {
    return this.#ended;
  }

  start(): void {
    this.#running += 1;
  }

  /** @param wasRunning whether `start` counted it */
  end(wasRunning: boolean): void {
    this.#ended += 1;
    if (wasRunning) this.#running -= 1;
    if (this.#running > 0 || this.#waiters.length === 0) return;
    for (const resolve of this.#waiters.splice(0)) resolve();
  }

  /** Resolves when a task has ended and none runs; does not look whether any runs now. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push(resolve);
    });
  }
}
