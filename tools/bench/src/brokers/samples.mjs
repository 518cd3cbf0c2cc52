import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** @import { Sample } from './measure.mjs' */

const folder = join(tmpdir(), 'pool-bench');
const file = join(folder, 'brokers.json');

/**
 * Puts the samples of a run in the place of older ones of the same figures, so that a page can be measured in parts.
 *
 * @param {Sample[]} fresh
 * @returns {Sample[]} all
 */
export function mergeSamples(fresh) {
  const measured = new Set(fresh.map(keyOf));
  const all = [...savedSamples().filter((sample) => !measured.has(keyOf(sample))), ...fresh];
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, JSON.stringify(all));
  return all;
}

/** @returns {Sample[]} */
function savedSamples() {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return [];
  }
}

/** @param {Sample} sample */
function keyOf({ broker, name, key }) {
  return `${broker} ${name} ${key}`;
}
