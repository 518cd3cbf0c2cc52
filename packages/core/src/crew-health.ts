import type { Slot } from './slot.js';

/** From how many failures in a row in one slot on the pool is called unhealthy. */
const UNHEALTHY = 3;
const FIRST_DELAY = 0.1;
const MAX_DELAY = 30;

/** Counts children that do not come up, and says when to try again. */
export class CrewHealth {
  /** How many slots' last children did not come up. */
  #failing = 0;
  #unhealthy = false;

  /** Whether some slot's children do not come up. */
  get troubled(): boolean {
    return this.#failing > 0;
  }

  /** A child did not come up: in how many seconds to try again, and whether that is no accident any more. */
  failed(slot: Slot): { delay: number; unhealthy: boolean } {
    if (slot.failures === 0) this.#failing += 1;
    slot.failures += 1;
    const unhealthy = slot.failures >= UNHEALTHY;
    if (unhealthy) this.#unhealthy = true;
    return { delay: Math.min(MAX_DELAY, FIRST_DELAY * 2 ** (slot.failures - 1)), unhealthy };
  }

  /** A child came up for good: whether all is well now that was not. */
  recovered(slot: Slot): boolean {
    if (slot.failures === 0) return false;
    slot.failures = 0;
    this.#failing -= 1;
    if (!this.#unhealthy || this.troubled) return false;
    this.#unhealthy = false;
    return true;
  }

  /** The slot was taken away. */
  dropped(slot: Slot): void {
    if (slot.failures > 0) this.#failing -= 1;
  }
}
