import { type AreaName, areaNames } from './area-names.js';
import { chords } from './areas/chords.js';
import { documents } from './areas/documents.js';
import { expiry } from './areas/expiry.js';
import { forget } from './areas/forget.js';
import { groups } from './areas/groups.js';
import { lifecycle } from './areas/lifecycle.js';
import { states } from './areas/states.js';
import { waiting } from './areas/waiting.js';
import { watching } from './areas/watching.js';
import type { ResultStoreConformanceOptions } from './options.js';
import { Suite } from './suite.js';

const areas: Record<AreaName, (suite: Suite) => void> = {
  lifecycle,
  documents,
  states,
  waiting,
  watching,
  forget,
  expiry,
  groups,
  chords,
};

/**
 * Defines the tests that every result store must pass, with the runner it is given (vitest's or `node:test`'s
 * `describe` and `it`). Tests of what the store declares it cannot do are skipped with the reason in their title; that
 * it refuses what it does not is tested.
 */
export function resultStoreConformance(options: ResultStoreConformanceOptions): void {
  options.describe(`${options.name}: result store conformance`, () => {
    const suite = new Suite(options);
    for (const name of areaNames) areas[name](suite);
  });
}
