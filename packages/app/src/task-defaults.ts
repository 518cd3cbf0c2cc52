import { type AppOptions, type Check, checkOptions } from './app-options.js';
import type { ResolvedTaskOptions, TaskOptions } from './task-options.js';

const checks: Readonly<Record<keyof TaskOptions, Check>> = {
  bind: 'boolean',
  params: 'list',
  acksLate: 'boolean',
  acksOnFailure: 'boolean',
  acksOnTimeout: 'boolean',
  rejectOnWorkerLost: 'boolean',
  maxDeliveries: 'count',
  ignoreResult: 'boolean',
  storeErrorsEvenIfIgnored: 'boolean',
  trackStarted: 'boolean',
  timeLimit: 'seconds',
  softTimeLimit: 'seconds',
  rateLimit: 'any',
  maxRetries: 'countOrNull',
  defaultRetryDelay: 'seconds',
  autoretryFor: 'list',
  dontAutoretryFor: 'list',
  retryBackoff: 'any',
  retryBackoffMax: 'seconds',
  retryJitter: 'boolean',
  throws: 'list',
  serializer: 'string',
  compression: 'string',
  queue: 'string',
  exchange: 'string',
  routingKey: 'string',
  priority: 'count',
  expires: 'seconds',
  beforeStart: 'function',
  onSuccess: 'function',
  onFailure: 'function',
  onRetry: 'function',
  afterReturn: 'function',
};

/**
 * The options of a task with the app's defaults and Celery's filled in.
 * @throws {ConfigError} an option is unknown or wrong
 */
export function resolveTaskOptions(
  name: string,
  options: TaskOptions,
  app: Readonly<AppOptions>,
): ResolvedTaskOptions {
  checkOptions(options, checks, `task ${name}`);
  const defaults: ResolvedTaskOptions = {
    bind: false,
    acksLate: app.taskAcksLate ?? false,
    acksOnFailure: app.taskAcksOnFailure ?? true,
    acksOnTimeout: app.taskAcksOnTimeout ?? true,
    rejectOnWorkerLost: app.taskRejectOnWorkerLost ?? false,
    maxDeliveries: app.taskMaxDeliveries ?? 5,
    ignoreResult: app.taskIgnoreResult ?? false,
    storeErrorsEvenIfIgnored: app.taskStoreErrorsEvenIfIgnored ?? false,
    trackStarted: app.taskTrackStarted ?? false,
    maxRetries: 3,
    defaultRetryDelay: 180,
    autoretryFor: [],
    dontAutoretryFor: [],
    retryBackoff: false,
    retryBackoffMax: 600,
    retryJitter: true,
    throws: [],
    serializer: app.taskSerializer ?? 'json',
    ...(app.taskTimeLimit === undefined ? {} : { timeLimit: app.taskTimeLimit }),
    ...(app.taskSoftTimeLimit === undefined ? {} : { softTimeLimit: app.taskSoftTimeLimit }),
    ...(app.taskDefaultRateLimit === undefined ? {} : { rateLimit: app.taskDefaultRateLimit }),
    ...(app.taskCompression === undefined ? {} : { compression: app.taskCompression }),
  };
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  return Object.freeze({ ...defaults, ...given });
}
