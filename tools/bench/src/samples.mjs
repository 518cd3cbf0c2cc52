import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';

/**
 * What was measured of each pool: for each figure its values, one a round. Kept in a file, so that a run can be made in
 * parts.
 *
 * @typedef {Record<string, Record<string, number[]>>} Samples
 */
/**
 * @typedef {object} Measured
 * @property {Samples} samples
 * @property {Record<string, string>} methods how each figure was measured, by its name
 */

const folder = new URL('../.results/', import.meta.url);
const file = new URL('pools.json', folder);

/** @returns {Measured} */
export function loadMeasured() {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { samples: {}, methods: {} };
}

/**
 * Puts what was measured anew in the place of what was there of the same pools and figures.
 *
 * @param {Measured} before
 * @param {Measured} now
 * @returns {Measured}
 */
export function merge(before, now) {
  const samples = { ...before.samples };
  for (const [name, figures] of Object.entries(now.samples)) samples[name] = { ...samples[name], ...figures };
  return { samples, methods: { ...before.methods, ...now.methods } };
}

/** @param {Measured} measured */
export function saveMeasured(measured) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, JSON.stringify(measured));
}
