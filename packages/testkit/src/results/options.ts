import type { ResultStore, ResultStoreOptions } from '@pool/results';
import type { Describe, It } from '../pool/runner.js';
import type { AreaName } from './area-names.js';

/** What {@link resultStoreConformance} is told. */
export interface ResultStoreConformanceOptions {
  describe: Describe;
  it: It;
  /** Names the store in the titles. */
  name: string;
  /**
   * Makes a store and does not connect it. Stores of one place see each other's results, stores of different places
   * do not: make the place a folder, a key prefix, a database. It must hand the options on.
   */
  create(place: string, options: ResultStoreOptions): ResultStore;
  /** Removes what is left of a place. */
  clean?: ((place: string) => Promise<void>) | undefined;
  /** How many seconds to wait for what should come at once. Raise it for a slow store. @default 30 */
  patience?: number | undefined;
  /** Only these areas. @default all of them */
  areas?: readonly AreaName[] | undefined;
}
