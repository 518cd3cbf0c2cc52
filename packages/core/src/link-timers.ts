import type { ChildLink } from './child-link.js';

/** What is to happen to children that do not do in time what they were asked for: one thing at a time for each. */
export class LinkTimers {
  readonly #timers: Map<ChildLink, NodeJS.Timeout | NodeJS.Immediate> = new Map();

  /** @param delay in seconds */
  set(link: ChildLink, delay: number, action: () => void): void {
    this.clear(link);
    // Timers come first when the event loop was held up, and the child may have done it and said so meanwhile.
    const late = (): void => void this.#timers.set(link, setImmediate(action));
    this.#timers.set(link, setTimeout(late, Math.min(2 ** 31 - 1, delay * 1000)));
  }

  clear(link: ChildLink): void {
    const timer = this.#timers.get(link);
    clearTimeout(timer as NodeJS.Timeout | undefined);
    clearImmediate(timer as NodeJS.Immediate | undefined);
    this.#timers.delete(link);
  }
}
