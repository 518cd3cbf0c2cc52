import type { CodecOptions } from '@pool/message';
import type { ResultStore, ResultStoreOptions } from '@pool/results';
import type { ExchangeType, Transport, TransportOptions } from '@pool/transport';
import { ConfigError } from './errors.js';
import { nearestName } from './nearest-name.js';
import type { TaskQueue } from './queues.js';
import type { TaskRoutes } from './routing.js';
import type { Telemetry } from './telemetry.js';

/** How publishing is tried again after the connection was lost on the way. Times are seconds. */
export interface PublishRetryPolicy {
  /** @default 3 */
  maxRetries?: number;
  /** @default 0 */
  intervalStart?: number;
  /** @default 0.2 */
  intervalStep?: number;
  /** @default 1 */
  intervalMax?: number;
}

/** Settings of an app: Celery's, in camel case. Durations are seconds. */
export interface AppOptions {
  /**
   * The broker's URL, several of them for failover, or a transport of your own, which the app then does not close.
   * The environment variables `POOL_BROKER_URL` and `CELERY_BROKER_URL` come before it.
   */
  broker?: string | readonly string[] | Transport;
  /** Passed to the transport. */
  brokerTransportOptions?: TransportOptions & Readonly<Record<string, unknown>>;
  /**
   * The result store's URL, or a store of your own, which the app then does not close. The environment variables
   * `POOL_RESULT_BACKEND` and `CELERY_RESULT_BACKEND` come before it. Without one there are no results.
   */
  resultBackend?: string | ResultStore;
  /** Passed to the result store. */
  resultBackendTransportOptions?: ResultStoreOptions & Readonly<Record<string, unknown>>;
  /** Packages of other URL schemes: `{ transports: { nats: '@acme/pool-nats' }, results: {} }`. */
  packages?: { transports?: Readonly<Record<string, string>>; results?: Readonly<Record<string, string>> };

  /** Seconds that results are kept; `null` or 0 for ever. @default 86400 (1 day) */
  resultExpires?: number | null;
  /** Store name, arguments, worker, retries and queue with each result. @default false */
  resultExtended?: boolean;
  /** @default 'json' */
  resultSerializer?: string;

  /** @default 'json' */
  taskSerializer?: string;
  /** How messages are compressed. */
  taskCompression?: string;
  /** The serializers and content types that are read. @default ['json'] */
  acceptContent?: readonly string[];
  /** More serializers, compressions and limits. */
  codec?: Omit<CodecOptions, 'acceptContent'>;

  /** @default 'celery' */
  taskDefaultQueue?: string;
  /** @default the name of the default queue */
  taskDefaultExchange?: string;
  /** @default 'direct' */
  taskDefaultExchangeType?: ExchangeType;
  /** @default the name of the default queue */
  taskDefaultRoutingKey?: string;
  taskDefaultPriority?: number;
  /** The queues of this app. @default the default queue */
  taskQueues?: readonly (TaskQueue | string)[];
  /** `maxPriority` of queues that do not say. */
  taskQueueMaxPriority?: number;
  /** Declare queues that `taskQueues` lacks when they are first used. @default true */
  taskCreateMissingQueues?: boolean;
  taskRoutes?: TaskRoutes;
  /** Publish again when the connection was lost on the way, though it may arrive twice. @default true */
  taskPublishRetry?: boolean;
  taskPublishRetryPolicy?: PublishRetryPolicy;
  /**
   * Complete chords by Celery's polling task rather than by counting. Needed when workers in Python run members of a
   * chord whose results are on a store that Celery does not count on, such as the file system. @default false
   */
  taskChordUnlock?: boolean;

  /** Defaults of task options. */
  taskIgnoreResult?: boolean;
  taskStoreErrorsEvenIfIgnored?: boolean;
  taskTrackStarted?: boolean;
  taskAcksLate?: boolean;
  taskAcksOnFailure?: boolean;
  taskAcksOnTimeout?: boolean;
  taskRejectOnWorkerLost?: boolean;
  taskMaxDeliveries?: number;
  taskTimeLimit?: number;
  taskSoftTimeLimit?: number;
  taskDefaultRateLimit?: string | number;

  /** Follows tasks across processes: `openTelemetry()` of `@pool/opentelemetry`. @default none */
  telemetry?: Telemetry;

  /** Settings of workers of this app; the worker checks them. */
  worker?: Readonly<Record<string, unknown>>;
}

/** The kind of a setting's value. */
export type Check =
  | 'string'
  | 'boolean'
  | 'count'
  | 'countOrNull'
  | 'seconds'
  | 'object'
  | 'list'
  | 'function'
  | 'any';

const checks: Readonly<Record<keyof AppOptions, Check>> = {
  broker: 'any',
  brokerTransportOptions: 'object',
  resultBackend: 'any',
  resultBackendTransportOptions: 'object',
  packages: 'object',
  resultExpires: 'seconds',
  resultExtended: 'boolean',
  resultSerializer: 'string',
  taskSerializer: 'string',
  taskCompression: 'string',
  acceptContent: 'list',
  codec: 'object',
  taskDefaultQueue: 'string',
  taskDefaultExchange: 'string',
  taskDefaultExchangeType: 'string',
  taskDefaultRoutingKey: 'string',
  taskDefaultPriority: 'count',
  taskQueues: 'list',
  taskQueueMaxPriority: 'count',
  taskCreateMissingQueues: 'boolean',
  taskRoutes: 'any',
  taskPublishRetry: 'boolean',
  taskPublishRetryPolicy: 'object',
  taskChordUnlock: 'boolean',
  taskIgnoreResult: 'boolean',
  taskStoreErrorsEvenIfIgnored: 'boolean',
  taskTrackStarted: 'boolean',
  taskAcksLate: 'boolean',
  taskAcksOnFailure: 'boolean',
  taskAcksOnTimeout: 'boolean',
  taskRejectOnWorkerLost: 'boolean',
  taskMaxDeliveries: 'count',
  taskTimeLimit: 'seconds',
  taskSoftTimeLimit: 'seconds',
  taskDefaultRateLimit: 'any',
  telemetry: 'object',
  worker: 'object',
};

const expectations: Readonly<Record<Check, readonly [what: string, is: (value: unknown) => boolean]>> = {
  string: ['a non-empty string', (value) => typeof value === 'string' && value !== ''],
  boolean: ['true or false', (value) => typeof value === 'boolean'],
  count: ['a whole number, 0 or more', (value) => Number.isInteger(value) && (value as number) >= 0],
  countOrNull: [
    'a whole number, 0 or more, or null',
    (value) => value === null || (Number.isInteger(value) && (value as number) >= 0),
  ],
  list: ['a list', Array.isArray],
  function: ['a function', (value) => typeof value === 'function'],
  seconds: [
    'a number of seconds, 0 or more',
    (value) => value === null || (typeof value === 'number' && value >= 0),
  ],
  object: ['an object', (value) => typeof value === 'object' && value !== null && !Array.isArray(value)],
  any: ['', () => true],
};

/** Throws `ConfigError` for a setting that is unknown (naming the nearest) or of the wrong kind. */
export function checkOptions(options: object, known: Readonly<Record<string, Check>>, what: string): void {
  for (const [setting, value] of Object.entries(options)) {
    const check = Object.hasOwn(known, setting) ? known[setting] : undefined;
    if (!check) {
      const near = nearestName(setting, Object.keys(known));
      throw new ConfigError(`${what} has no setting ${setting}${near ? `; did you mean ${near}?` : ''}`, {
        setting,
      });
    }
    const [expected, is] = expectations[check];
    if (value !== undefined && !is(value))
      throw new ConfigError(`${what}: ${setting} must be ${expected}`, { setting });
  }
}

export function checkAppOptions(name: string, options: AppOptions): void {
  checkOptions(options, checks, `app ${name}`);
}
