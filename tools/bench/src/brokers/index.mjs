import { writeFileSync } from 'node:fs';
import { measureBrokers } from './measure.mjs';
import { brokersPage, brokersTables } from './page.mjs';
import { mergeSamples } from './samples.mjs';

/** @import { Broker } from './contestants.mjs' */
/** @import { Part } from './measure.mjs' */

/** @type {Broker[]} */
const allBrokers = ['redis', 'rabbitmq'];
/** @type {Part[]} */
const allParts = ['drain', 'results', 'latency', 'produce'];

/**
 * Measures workers on brokers, prints the tables, and writes the page if it is to be written.
 *
 * @param {{ brokers: string[], only: string[], parts: string[], rounds: number, quick: boolean }} options all when a list is empty
 * @param {URL | undefined} page
 */
export async function benchBrokers({ brokers, only, parts, rounds, quick }, page) {
  /** @type {string[]} */
  const failures = [];
  const samples = await measureBrokers(
    { brokers: among(allBrokers, brokers), only, parts: among(allParts, parts), rounds, quick },
    (line) => console.error(line),
    (line) => {
      console.error(`FAILED ${line}`);
      failures.push(line);
    },
  );
  console.log(brokersTables(samples));
  if (failures.length > 0) console.error(`Not measured:\n${failures.join('\n')}`);
  if (page === undefined) return;
  writeFileSync(page, brokersPage(mergeSamples(samples)));
  console.error(`written to ${page.pathname}`);
}

/**
 * @template {string} Name
 * @param {Name[]} all
 * @param {string[]} named
 * @returns {Name[]}
 */
function among(all, named) {
  const unknown = named.find((name) => !all.includes(/** @type {Name} */ (name)));
  if (unknown !== undefined) throw new Error(`${unknown} is none of ${all.join(', ')}`);
  return named.length === 0 ? all : all.filter((name) => named.includes(name));
}
