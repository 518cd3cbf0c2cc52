/**
 * Gathers what is handed in during one event-loop turn and sends it as one batch, one batch at a time: what comes
 * while one is on its way is the next. A batch never waits for company.
 */
export class TurnBatch<Batch> {
  readonly #create: () => Batch;
  readonly #send: (batch: Batch) => Promise<void>;
  readonly #held: () => boolean;
  #open: Batch | undefined;
  #scheduled = false;
  #sending = false;
  #waiters: (() => void)[] = [];

  /**
   * `send` must not reject. While `held()` is true nothing is sent; call `proceed()` when that ends.
   */
  constructor(create: () => Batch, send: (batch: Batch) => Promise<void>, held: () => boolean) {
    this.#create = create;
    this.#send = send;
    this.#held = held;
  }

  /** The batch of this turn; what is put into it will be sent. */
  current(): Batch {
    this.#open ??= this.#create();
    this.proceed();
    return this.#open;
  }

  /** What waits, if anything does; it may be changed. */
  get waiting(): Batch | undefined {
    return this.#open;
  }

  /** Whether nothing waits or is on its way. */
  get idle(): boolean {
    return this.#open === undefined && !this.#sending;
  }

  /** Sends what waits, at the end of this turn. */
  proceed(): void {
    if (this.#scheduled || this.#sending || this.#open === undefined || this.#held()) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      void this.#run();
    });
  }

  /** Resolves when nothing waits and nothing is on its way. */
  drained(): Promise<void> {
    if (this.idle) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters.push(resolve);
    });
  }

  /** Gives up what waits: the caller gets it, and it will not be sent. */
  abandon(): Batch | undefined {
    const batch = this.#open;
    this.#open = undefined;
    this.#settle();
    return batch;
  }

  async #run(): Promise<void> {
    const batch = this.#open;
    if (batch === undefined || this.#held()) return;
    this.#open = undefined;
    this.#sending = true;
    try {
      await this.#send(batch);
    } finally {
      this.#sending = false;
      this.proceed();
      this.#settle();
    }
  }

  #settle(): void {
    if (!this.idle) return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }
}
