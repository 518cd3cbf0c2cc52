import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread } from 'node:worker_threads';
import { App } from '@pool/app';
import { watchThisProcess } from './inside.mjs';

/** @typedef {{ type: string, n: number }} Extra */

/** What the soak's worker runs: a bit of everything that workers do. */
export const app = new App('soak', {
  resultExpires: 60,
  taskAcksLate: true,
  taskRejectOnWorkerLost: true,
  brokerTransportOptions: { reconnect: { initial: 0.1, max: 1 } },
});

export const quick = app.task('soak.quick', (/** @type {number} */ n) => n);

export const wait = app.task('soak.wait', async (/** @type {number} */ milliseconds) => {
  await sleep(milliseconds);
});

export const fail = app.task('soak.fail', (/** @type {string} */ why) => {
  throw new RangeError(why, { cause: new Error('underneath') });
});

export const flaky = app.task(
  'soak.flaky',
  { bind: true, autoretryFor: ['TypeError'], retryBackoff: 0.05, retryJitter: false },
  (self) => {
    if (self.request.retries < 2) throw new TypeError('not yet');
    return self.request.retries;
  },
);

export const progress = app.task('soak.progress', { bind: true }, async (self) => {
  for (let done = 0; done < 3; done++) await self.updateState('PROGRESS', { done });
});

export const large = app.task('soak.large', (/** @type {string} */ text) => text + text);

export const print = app.task('soak.print', (/** @type {string} */ text) => console.log(text));

/** Neither ends nor looks at its signal. */
export const hang = app.task('soak.hang', { timeLimit: 1 }, () => new Promise(() => {}));

/** Kills its process the first time. */
export const lose = app.task('soak.lose', { bind: true }, (self) => {
  if (self.request.deliveryInfo.redelivered !== true) process.kill(process.pid, 'SIGKILL');
});

const samples = process.env['SOAK_SAMPLES'];
if (isMainThread && process.argv[2] === 'worker' && samples !== undefined)
  watchThisProcess(Number(process.env['SOAK_INTERVAL']), (sample) =>
    appendFileSync(samples, `${JSON.stringify(sample)}\n`),
  );
