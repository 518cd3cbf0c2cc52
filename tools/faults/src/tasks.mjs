import { existsSync, openSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { App } from '@pool/app';

/** What the workers run that are killed. Every run is on record before anybody is told of it. */
export const app = new App('faults', {
  taskAcksLate: true,
  taskRejectOnWorkerLost: true,
  // Some tests kill more often than the default allows one message to be unlucky.
  taskMaxDeliveries: Number(process.env['FAULTS_MAX_DELIVERIES'] ?? 50),
  brokerTransportOptions: JSON.parse(process.env['FAULTS_TRANSPORT'] ?? '{}'),
});

/** @type {Map<string, number>} */
const files = new Map();

/**
 * Appends to a file of this process alone, which the kernel has even if the process is killed right after.
 * @param {'begun' | 'ended'} what
 * @param {number} n
 */
function note(what, n) {
  let file = files.get(what);
  if (file === undefined) {
    file = openSync(`${process.env['FAULTS_RUNS']}/${process.ppid}-${process.pid}.${what}`, 'a');
    files.set(what, file);
  }
  writeSync(file, `${String(n).padStart(7)}\n`);
}

/** Waits, or works without a break when the time is negative. */
export const work = app.task(
  'faults.work',
  async (/** @type {number} */ n, /** @type {number} */ milliseconds) => {
    note('begun', n);
    if (milliseconds > 0) await sleep(milliseconds);
    for (const end = performance.now() - milliseconds; performance.now() < end; );
    note('ended', n);
    return n;
  },
);

/** Waits until there is a file of its number in the folder of the records. */
export const hold = app.task('faults.hold', async (/** @type {number} */ n) => {
  note('begun', n);
  while (!existsSync(`${process.env['FAULTS_RUNS']}/${n}`)) await sleep(20);
  note('ended', n);
  return n;
});

/** The packages whose CommonJS modules this process has loaded. */
export const packages = app.task('faults.packages', () => {
  const files = Object.keys(createRequire(import.meta.url).cache);
  return [...new Set(files.map((file) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1]))];
});
