import type { BasePool, PoolOptions } from '@pool/core';
import type { AreaName } from './area-names.js';
import type { Describe, It } from './runner.js';

/** Options that the suite hands to `create`: those of every pool, and those of pools that can recycle. */
export interface CreateOptions extends PoolOptions {
  /** Given only to a pool that declares `recycle`. */
  maxTasksPerChild?: number;
}

/** Where another process finds the pool's class. */
export interface PoolModule {
  /** The `file:` URL of the module as it is shipped (compiled JavaScript). */
  readonly url: string | URL;
  /** The name under which it exports the class. */
  readonly export: string;
}

/** What {@link poolConformance} is told. */
export interface PoolConformanceOptions {
  describe: Describe;
  it: It;
  /** Names the pool in the titles. */
  name: string;
  /** Makes a fresh pool and does not start it. It must hand the options on, with whatever the pool needs besides. */
  create(options: CreateOptions): BasePool;
  /**
   * How a new process gets the pool's class. Needed for what can only be seen from outside the process: that importing
   * starts nothing, that a stopped pool lets the process end, that children die with their parent.
   */
  module?: PoolModule | undefined;
  /** Where the pool's jobs find the suite's targets. @default the module shipped with the kit */
  targets?: string | undefined;
  /** How many seconds to wait for what should come at once. Raise it for a slow pool. @default 30 */
  patience?: number | undefined;
  /** Only these areas. @default all of them */
  areas?: readonly AreaName[] | undefined;
}
