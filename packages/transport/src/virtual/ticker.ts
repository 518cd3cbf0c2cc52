/** Work that is done again and again, never twice at a time, and does not keep the process alive. */
export class Ticker {
  readonly #onError: (error: unknown) => void;
  #timers: NodeJS.Timeout[] = [];

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  every(seconds: number, work: () => Promise<void>): void {
    let busy = false;
    const run = async (): Promise<void> => {
      if (busy) return;
      busy = true;
      try {
        await work();
      } catch (error) {
        this.#onError(error);
      } finally {
        busy = false;
      }
    };
    const timer = setInterval(() => void run(), seconds * 1000);
    timer.unref();
    this.#timers.push(timer);
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
  }
}
