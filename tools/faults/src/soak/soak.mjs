import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { WorkerProcess } from '../worker-process.mjs';
import { lookInside } from './inside.mjs';
import { descendants, descriptorsOf, memoryOf } from './outside.mjs';
import { startPlace } from './places.mjs';

/**
 * @import { InsideSample } from './inside.mjs'
 * @import { Point } from './verdict.mjs'
 *
 * @typedef {object} SoakOptions
 * @property {number} minutes
 * @property {string} broker
 * @property {string} pool
 * @property {number} concurrency
 * @property {number} rate tasks a second
 * @property {number} cutEvery seconds between two cuts of the worker's connection
 * @property {number} recycle tasks after which a child is replaced; never if it is 0
 * @property {number} rare of so many tasks, one hangs until its time limit and one kills its process; none if it is 0
 * @property {(text: string) => void} [tell] hears how it goes
 *
 * @typedef {object} SoakResult
 * @property {SoakOptions} options
 * @property {number} minutes how long the load lasted
 * @property {Record<string, Point[]>} curves by name
 * @property {Record<string, number>} counters of the worker, at the end
 * @property {number} sent
 * @property {number} cuts
 * @property {number | string | null} exit of the worker, stopped warmly
 * @property {string} log what the worker logged last
 */

const tasks = fileURLToPath(new URL('app.mjs', import.meta.url));
const MB = 1024 * 1024;

/**
 * Puts a worker under load for some minutes and watches what it holds.
 * @param {SoakOptions} options
 * @returns {Promise<SoakResult>}
 */
export async function soak(options) {
  const { minutes, broker, pool, concurrency, rate, cutEvery, recycle, rare, tell = () => {} } = options;
  const place = await startPlace(broker);
  const folder = mkdtempSync(join(tmpdir(), 'pool-soak-'));
  const samples = join(folder, 'samples');
  const interval = Math.min(10, Math.max(0.5, (minutes * 60) / 240));
  const ownChildren = pool === 'prefork';
  const args = ['-P', pool, '-c', String(concurrency)];
  if (recycle > 0 && (pool === 'prefork' || pool === 'threads'))
    args.push('--max-tasks-per-child', String(recycle));
  // The load reads where to send from the environment, as the worker does.
  Object.assign(process.env, place.direct);
  const { app } = await import('./app.mjs');
  const { Load } = await import('./load.mjs');
  const worker = await WorkerProcess.start(
    tasks,
    { ...place.viaProxy, SOAK_SAMPLES: samples, SOAK_INTERVAL: String(interval) },
    args,
  );
  const load = new Load(rate, rare, ownChildren);
  /** @type {Record<string, Point[]>} */
  const curves = {};
  let cuts = 0;
  /** @type {NodeJS.Timeout | undefined} */
  let cutting;
  try {
    load.start();
    cutting = setInterval(() => {
      place.cut();
      cuts += 1;
    }, cutEvery * 1000);
    const begun = performance.now();
    let told = begun;
    while (performance.now() - begun < minutes * 60_000) {
      await sleep(interval * 1000);
      if (!worker.running) throw new Error(`the worker ended under load:\n${worker.log()}`);
      const minute = (performance.now() - begun) / 60_000;
      for (const [name, value] of Object.entries(look(worker.pid, samples))) {
        const points = curves[name] ?? [];
        curves[name] = points;
        points.push({ minute, value });
      }
      if (performance.now() - told < 60_000) continue;
      told = performance.now();
      tell(
        `${minute.toFixed(0)} min: ${load.sent} sent${load.refused > 0 ? ` (${load.refused} times refused: ${load.refusal})` : ''}, ${describe(curves)}`,
      );
    }
    load.stop();
    clearInterval(cutting);
    const lasted = (performance.now() - begun) / 60_000;
    const counters = await countersOf(worker.health);
    if (load.sent === 0) throw new Error('no task could be sent', { cause: load.refusal });
    return {
      options,
      minutes: lasted,
      curves,
      counters,
      sent: load.sent,
      cuts,
      exit: await worker.kill('SIGTERM'),
      log: worker.log(),
    };
  } finally {
    clearInterval(cutting);
    load.stop();
    await worker.kill('SIGKILL');
    await app.close().catch(() => {});
    await place.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {number} pid the worker's
 * @param {string} samples the file it writes what it knows of itself to
 * @returns {Record<string, number>}
 */
function look(pid, samples) {
  const children = descendants(pid);
  const inside = lastSample(samples);
  const own = lookInside();
  return {
    ...(inside === undefined
      ? {}
      : {
          'worker, heap': inside.heap / MB,
          'worker, handles': inside.handles,
          'worker, listeners': inside.listeners,
        }),
    'worker, memory': memoryOf(pid) / MB,
    'worker, descriptors': descriptorsOf(pid),
    ...(children.length === 0
      ? {}
      : {
          'children, memory': sum(children.map(memoryOf)) / MB,
          'children, descriptors': sum(children.map(descriptorsOf)),
        }),
    'producer, heap': own.heap / MB,
    'producer, handles': own.handles,
    'producer, listeners': own.listeners,
    'producer, descriptors': descriptorsOf(process.pid),
  };
}

/**
 * @param {string} file
 * @returns {InsideSample | undefined}
 */
function lastSample(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8').trimEnd().split('\n').at(-1) ?? '');
  } catch {
    return undefined;
  }
}

/**
 * The numbers of `/metrics`, those of tasks by state.
 * @param {string} health
 */
async function countersOf(health) {
  const text = await (await fetch(`${health}/metrics`)).text();
  /** @type {Record<string, number>} */
  const counters = {};
  for (const [, name = '', labels = '', value] of text.matchAll(/^pool_(\w+)_total\{(.*)\} (\d+)$/gm)) {
    const state = /state="(\w+)"/.exec(labels)?.[1] ?? name;
    counters[state] = (counters[state] ?? 0) + Number(value);
  }
  return counters;
}

/** @param {Record<string, Point[]>} curves */
function describe(curves) {
  return Object.entries(curves)
    .map(([name, points]) => `${name} ${points.at(-1)?.value.toFixed(1)}`)
    .join(', ');
}

/** @param {readonly number[]} numbers */
function sum(numbers) {
  return numbers.reduce((a, b) => a + b, 0);
}
