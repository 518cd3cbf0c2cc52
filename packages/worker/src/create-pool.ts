import type { App } from '@pool/app';
import {
  availableCpus,
  type BasePool,
  loadPool,
  NotSupportedError,
  type PoolClass,
  type PoolOptions,
} from '@pool/core';
import type { AppReference } from './app-reference.js';
import type { Settings } from './config/schema.js';
import { WorkerConfigError } from './errors.js';
import { poolLogger, type WorkerLogger } from './logging/logger.js';
import type { TracerTargets } from './runner.js';
import { type ChildSettings, childModule } from './tracer/child-settings.js';
import { observed } from './tracer/observed.js';
import { Tracer, type TracerSettings } from './tracer/tracer.js';

/** How many tasks a green pool runs at a time: they wait for I/O, so the number of CPUs says nothing. */
const GREEN_CONCURRENCY = 100;

const capabilityOf = {
  timeLimit: 'hardKill',
  softTimeLimit: 'softLimit',
  maxTasksPerChild: 'recycle',
  maxMemoryPerChild: 'recycle',
  autoscale: 'resize',
} as const;

/** What making a pool needs to know. */
export interface CreatePoolOptions {
  readonly app: App;
  readonly settings: Settings;
  /** A class of the caller's own, instead of `settings.pool`. */
  readonly poolClass: PoolClass | undefined;
  /** Where children find the app. */
  readonly appReference: AppReference | undefined;
  readonly hostname: string;
  readonly logger: WorkerLogger;
}

/** A pool with the functions it runs. */
export interface CreatedPool {
  readonly pool: BasePool;
  readonly targets: TracerTargets;
}

/**
 * Finds the pool, makes it, and refuses settings it cannot honour.
 *
 * @throws PoolNotFoundError when there is none of that name; it says what to install
 * @throws NotSupportedError naming the setting and the capability the pool lacks
 * @throws WorkerConfigError when its children could not find the app
 */
export async function createPool(options: CreatePoolOptions): Promise<CreatedPool> {
  const { settings, app, logger } = options;
  const Pool = options.poolClass ?? (await loadPool(settings.pool));
  const reference = options.appReference;
  const child: ChildSettings | undefined =
    reference === undefined
      ? undefined
      : {
          app: reference,
          ...tracerSettings(options),
          log: settings.redirectStdouts
            ? {
                level: settings.logLevel,
                format: forPeople(settings) ? 'pretty' : 'json',
                printed: settings.redirectStdoutsLevel,
              }
            : null,
        };
  const module = child === undefined ? undefined : childModule(child);
  const pool = new Pool(poolOptions(Pool, options, module));
  refuseWhatItCannot(pool, settings);
  warnOfLimits(pool, app, logger);
  return { pool, targets: targetsFor(pool, options, module) };
}

function poolOptions(Pool: PoolClass, options: CreatePoolOptions, module: string | undefined): PoolOptions {
  const { settings, logger, app } = options;
  const { autoscale, concurrency } = settings;
  const limit =
    autoscale !== undefined ? Math.max(1, autoscale.min) : (concurrency ?? defaultConcurrency(settings.pool));
  const given: Record<string, unknown> = {
    limit,
    timeout: settings.timeLimit,
    softTimeout: settings.softTimeLimit,
    maxTasksPerChild: settings.maxTasksPerChild,
    maxMemoryPerChild: settings.maxMemoryPerChild,
    logger: poolLogger(logger),
    name: options.hostname,
    imports: module === undefined ? undefined : [module],
    shutdown:
      module === undefined || app.options.telemetry === undefined ? undefined : { module, name: 'shutdown' },
    // Children make log lines of what they print by themselves.
    output: settings.redirectStdouts ? 'inherit' : undefined,
  };
  const taken: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined && Pool.optionNames.includes(name)) taken[name] = value;
  }
  return { ...taken, ...settings.poolOptions };
}

function forPeople({ logFormat }: Settings): boolean {
  return logFormat === 'pretty' || (logFormat === 'auto' && process.stderr.isTTY === true);
}

function defaultConcurrency(pool: string): number {
  if (pool === 'solo') return 1;
  return ['green', 'gevent', 'eventlet'].includes(pool) ? GREEN_CONCURRENCY : availableCpus();
}

function refuseWhatItCannot(pool: BasePool, settings: Settings): void {
  for (const [setting, capability] of Object.entries(capabilityOf)) {
    if (settings[setting as keyof typeof capabilityOf] === undefined) continue;
    if (pool.capabilities[capability] !== false) continue;
    // A hard limit that cannot kill still ends the task for everybody who waits for it.
    if (capability === 'hardKill' && pool.capabilities.terminateJob) continue;
    throw new NotSupportedError(
      `${setting} cannot be kept: ${pool.constructor.name} does not support ${capability}. Leave it out, or choose a pool that does (prefork, threads)`,
      { capability },
    );
  }
}

function warnOfLimits(pool: BasePool, app: App, logger: WorkerLogger): void {
  if (pool.capabilities.hardKill) return;
  const limited = [...app.tasks.values()].filter(({ options }) => options.timeLimit !== undefined);
  if (limited.length === 0) return;
  const names = limited.map(({ name }) => name).join(', ');
  logger.warn(
    `${pool.constructor.name} cannot kill a task's code: the hard time limits of ${names} end the task, but synchronous code may run on`,
  );
}

function tracerSettings({ app, hostname, logger }: CreatePoolOptions): TracerSettings {
  return { hostname, repr: logger.isLevelEnabled('info'), results: app.hasResultStore };
}

function targetsFor(pool: BasePool, options: CreatePoolOptions, module: string | undefined): TracerTargets {
  const { app, hostname, logger } = options;
  if (pool.capabilities.functions) {
    const report = (message: string, error: unknown): void => logger.error({ err: error }, message);
    const tracer = new Tracer(app, tracerSettings(options), report);
    return observed(tracer, app, hostname);
  }
  if (module === undefined) {
    throw new WorkerConfigError(
      `${pool.constructor.name} runs tasks outside this process, where the app has to be loaded again: start the worker with 'pool worker -A MODULE', or say where the app is with appModule: import.meta.url`,
    );
  }
  return { trace: { module, name: 'trace' }, traceFailure: { module, name: 'traceFailure' } };
}
