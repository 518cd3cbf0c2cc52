import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

/**
 * A pool as the harness sees it: one promise a call.
 *
 * @typedef {object} Adapter
 * @property {(name: string, value: unknown) => Promise<unknown>} call
 * @property {() => Promise<unknown>} close
 * @property {(name: string, callback: (result: unknown) => void) => (value: unknown) => void} [within] for a pool whose
 *   calls have ended when they return: makes calls that tell their result to a callback
 */
/**
 * @typedef {object} AdapterKind
 * @property {'process' | 'thread' | 'inline'} kind
 * @property {readonly string[]} [loads] the loads that say something of it; all when left out
 * @property {boolean} ours
 * @property {(size: number, require: NodeJS.Require) => Promise<Adapter>} create
 */

/** @param {string} name */
const taskFile = (name) => fileURLToPath(new URL(`./tasks/${name}`, import.meta.url));
const tasks = taskFile('tasks.cjs');

/**
 * Loads a peer as its users do.
 *
 * @param {NodeJS.Require} require
 * @param {string} name
 * @returns {Promise<any>}
 */
const load = (require, name) => import(pathToFileURL(entryOf(require, name)).href);

/** @param {NodeJS.Require} require @param {string} name */
const entryOf = (require, name) => require.resolve(name);

/**
 * Ours run with everything on that a worker uses: a job object, the accept callback, an armed time limit (not on solo, where each
 * one arms V8's watchdog), the promise.
 *
 * @param {string} specifier
 * @param {string} className
 * @param {Record<string, unknown>} options
 * @returns {AdapterKind['create']}
 */
const own = (specifier, className, options) => async (size) => {
  const namespace = await import(specifier);
  const pool = new namespace[className]({ limit: size, ...options });
  // Jobs may be handed in meanwhile, as with the peers.
  const started = pool.start();
  if (!pool.queuesEarly) await started;
  const targets = new Map();
  let accepted = 0;
  const jobOptions = {
    ...(className === 'SoloPool' ? {} : { timeout: 300 }),
    acceptCallback() {
      accepted++;
    },
  };
  /** @param {string} name */
  const targetOf = (name) => {
    let target = targets.get(name);
    if (target === undefined) {
      target = { module: tasks, name };
      targets.set(name, target);
    }
    return target;
  };
  return {
    call: (name, value) => pool.applyAsync(targetOf(name), [value], undefined, jobOptions).result,
    within(name, callback) {
      const options = { acceptCallback: jobOptions.acceptCallback, callback };
      const target = targetOf(name);
      return (value) => void pool.applyAsync(target, [value], undefined, options);
    },
    close: async () => {
      await started;
      await pool.stop();
      if (accepted === 0) throw new Error('nothing was accepted');
    },
  };
};

/** @returns {AdapterKind['create']} */
const tinypool = (/** @type {Record<string, unknown>} */ options) => async (size, require) => {
  const { Tinypool } = await load(require, 'tinypool');
  const pool = new Tinypool({
    filename: tasks,
    minThreads: size,
    maxThreads: size,
    env: process.env,
    ...options,
  });
  return { call: (name, value) => pool.run(value, { name }), close: () => pool.destroy() };
};

/** @returns {AdapterKind['create']} */
const piscina = (/** @type {Record<string, unknown>} */ options) => async (size, require) => {
  const { default: Piscina } = await load(require, 'piscina');
  const pool = new Piscina({ filename: tasks, minThreads: size, maxThreads: size, ...options });
  return { call: (name, value) => pool.run(value, { name }), close: () => pool.destroy() };
};

/** @returns {AdapterKind['create']} */
const workerpool = (/** @type {string} */ workerType) => async (size, require) => {
  process.env['BENCH_WORKERPOOL'] = entryOf(require, 'workerpool');
  const { default: lib } = await load(require, 'workerpool');
  const pool = lib.pool(taskFile('workerpool.cjs'), { minWorkers: size, maxWorkers: size, workerType });
  return { call: (name, value) => pool.exec(name, [value]), close: () => pool.terminate() };
};

/** @returns {AdapterKind['create']} */
const poolifier =
  (/** @type {'FixedClusterPool' | 'FixedThreadPool'} */ className) => async (size, require) => {
    process.env['BENCH_POOLIFIER'] = entryOf(require, 'poolifier');
    const lib = await load(require, 'poolifier');
    const file = taskFile(
      className === 'FixedClusterPool' ? 'poolifier-cluster.cjs' : 'poolifier-thread.cjs',
    );
    const pool = new lib[className](size, file);
    return { call: (name, value) => pool.execute(value, name), close: () => pool.destroy() };
  };

/** @returns {AdapterKind['create']} */
const jestWorker = (/** @type {boolean} */ enableWorkerThreads) => async (size, require) => {
  const { Worker } = await load(require, 'jest-worker');
  const pool = new Worker(tasks, {
    numWorkers: size,
    enableWorkerThreads,
    exposedMethods: ['noop', 'echo', 'burn', 'short', 'long'],
  });
  return { call: (name, value) => pool[name](value), close: () => pool.end() };
};

/** How many calls pools on the event loop run at the same time. */
const INLINE = 1000;
const inlineLoads = ['memory', 'noop', 'rtt', 'sleep'];

/** @returns {AdapterKind['create']} */
const inline = (/** @type {string} */ specifier, /** @type {string} */ className) => (_size, require) =>
  own(specifier, className, { logger: { debug() {}, info() {}, warn() {}, error() {} } })(
    className === 'SoloPool' ? 1 : INLINE,
    require,
  );

/** @returns {AdapterKind['create']} */
const limited = () => async () => {
  const { default: limitOf } = await import('p-limit');
  const limit = limitOf(INLINE);
  const functions = createRequire(import.meta.url)(tasks);
  return { call: (name, value) => limit(functions[name], value), close: async () => {} };
};

/** @returns {AdapterKind['create']} */
const bare = () => async () => {
  const functions = createRequire(import.meta.url)(tasks);
  return { call: async (name, value) => functions[name](value), close: async () => {} };
};

/** @type {Record<string, AdapterKind>} */
export const adapters = {
  '@pool/prefork': { kind: 'process', ours: true, create: own('@pool/prefork', 'PreforkPool', {}) },
  '@pool/prefork fair': {
    kind: 'process',
    ours: true,
    create: own('@pool/prefork', 'PreforkPool', { scheduling: 'fair' }),
  },
  'poolifier cluster': { kind: 'process', ours: false, create: poolifier('FixedClusterPool') },
  'tinypool process': { kind: 'process', ours: false, create: tinypool({ runtime: 'child_process' }) },
  'tinypool process ×64': {
    kind: 'process',
    ours: false,
    create: tinypool({ runtime: 'child_process', concurrentTasksPerWorker: 64 }),
  },
  'workerpool process': { kind: 'process', ours: false, create: workerpool('process') },
  'jest-worker process': { kind: 'process', ours: false, create: jestWorker(false) },
  '@pool/threads': { kind: 'thread', ours: true, create: own('@pool/threads', 'ThreadsPool', {}) },
  piscina: { kind: 'thread', ours: false, create: piscina({}) },
  'piscina ×64': {
    kind: 'thread',
    ours: false,
    create: piscina({ concurrentTasksPerWorker: 64, atomics: 'async', recordTiming: false }),
  },
  'tinypool thread': { kind: 'thread', ours: false, create: tinypool({ runtime: 'worker_threads' }) },
  'tinypool thread ×64': {
    kind: 'thread',
    ours: false,
    create: tinypool({ runtime: 'worker_threads', concurrentTasksPerWorker: 64 }),
  },
  'poolifier thread': { kind: 'thread', ours: false, create: poolifier('FixedThreadPool') },
  'workerpool thread': { kind: 'thread', ours: false, create: workerpool('thread') },
  'jest-worker thread': { kind: 'thread', ours: false, create: jestWorker(true) },
  '@pool/solo': {
    kind: 'inline',
    ours: true,
    loads: ['memory', 'noop', 'rtt', 'within'],
    create: inline('@pool/solo', 'SoloPool'),
  },
  '@pool/green': {
    kind: 'inline',
    ours: true,
    loads: inlineLoads,
    create: inline('@pool/green', 'GreenPool'),
  },
  'p-limit': { kind: 'inline', ours: false, loads: inlineLoads, create: limited() },
  'bare promises': { kind: 'inline', ours: false, loads: ['sleep'], create: bare() },
};
