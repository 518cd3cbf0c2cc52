/** How many consumers take from each queue; told when the first begins and when the last has ended. */
export class ConsumedQueues {
  readonly #counts = new Map<string, number>();
  readonly #onBegin: (queue: string) => Promise<void> | void;
  readonly #onEnd: (queue: string) => Promise<void> | void;

  constructor(
    onBegin: (queue: string) => Promise<void> | void,
    onEnd: (queue: string) => Promise<void> | void,
  ) {
    this.#onBegin = onBegin;
    this.#onEnd = onEnd;
  }

  get isEmpty(): boolean {
    return this.#counts.size === 0;
  }

  consumersOf(queue: string): number {
    return this.#counts.get(queue) ?? 0;
  }

  async begin(queue: string): Promise<void> {
    const count = this.consumersOf(queue);
    this.#counts.set(queue, count + 1);
    if (count > 0) return;
    try {
      await this.#onBegin(queue);
    } catch (error) {
      this.#counts.delete(queue);
      throw error;
    }
  }

  /** Resolves to whether that was the last. */
  async end(queue: string): Promise<boolean> {
    const count = (this.#counts.get(queue) ?? 1) - 1;
    if (count > 0) {
      this.#counts.set(queue, count);
      return false;
    }
    this.#counts.delete(queue);
    await this.#onEnd(queue);
    return true;
  }
}
