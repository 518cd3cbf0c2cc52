import type { ChildLink } from './child-link.js';

/** What is to happen to children that do not do in time what they were asked for: one thing at a time for each. */
export class LinkTimers {
  readonly #timers: Map<ChildLink, NodeJS.Timeout> = new Map();

  /** @param delay in seconds */
  set(link: ChildLink, delay: number, action: () => void): void {
    clearTimeout(this.#timers.get(link));
    this.#timers.set(link, setTimeout(action, Math.min(2 ** 31 - 1, delay * 1000)));
  }

  clear(link: ChildLink): void {
    clearTimeout(this.#timers.get(link));
    this.#timers.delete(link);
  }
}
