import type { ChildLink } from './child-link.js';

/** A place for a child among those of a pool. */
export interface Slot {
  readonly index: number;
  /** The child that gets jobs. */
  link: ChildLink | undefined;
  /** Its replacement, starting or ready. */
  next: ChildLink | undefined;
  /** The slot was taken away. */
  surplus: boolean;
  /** How many children in a row did not come up here, and when the next is tried. */
  failures: number;
  retry: NodeJS.Timeout | undefined;
  waiters: (() => void)[];
}

export function emptySlot(index: number): Slot {
  return {
    index,
    link: undefined,
    next: undefined,
    surplus: false,
    failures: 0,
    retry: undefined,
    waiters: [],
  };
}
