import { type PoolOptions, poolOptionNames, positiveInteger, seconds } from './pool-options.js';
import { assertTarget, type TargetReference } from './target.js';

/**
 * Which child gets a job.
 *
 * `auto`: one that is free; and jobs of a kind that has always run for less than a millisecond are sent in advance, up to a
 * millisecond of work. What turns out to wait behind a long one goes to another child after 10 ms.
 *
 * `fair`: the same, but after 1 ms, and in advance only to children from which it can be taken back whatever they are at. A
 * `depth` of 1 sends nothing in advance.
 *
 * `fast`: any that holds fewer than `depth`.
 */
export type Scheduling = 'auto' | 'fair' | 'fast';

/** What every pool of children can be told. */
export interface ChildPoolOptions extends PoolOptions {
  /** What to call the children in process lists: `pool: NAME:PreforkChild-1`. @default 'pool' */
  name?: string | undefined;
  /** @default 'auto' */
  scheduling?: Scheduling | undefined;
  /** How many jobs a child may hold at most, the one it runs included. @default 1024, `fast` 8 */
  depth?: number | undefined;
  /** Replace a child after so many jobs. @default never */
  maxTasksPerChild?: number | undefined;
  /** Replace a child when, after a job, it is larger than so many KiB. @default never */
  maxMemoryPerChild?: number | undefined;
  /** Replace a child that has run jobs when it is without one for so many seconds. @default never */
  maxIdle?: number | undefined;
  /** Replace a child after so many seconds. @default never */
  maxAge?: number | undefined;
  /** How many children to keep ready beyond those that run jobs, so that a lost one costs no capacity. @default 0 */
  spare?: number | undefined;
  /** How many seconds a child may take until it is ready. @default 30 */
  aliveTimeout?: number | undefined;
  /** How many seconds lie between asking a child to end and ending it by force. @default 0.1 */
  killGrace?: number | undefined;
  /** How many seconds a child may take to leave, its shutdown hook included. @default 10 */
  stopTimeout?: number | undefined;
  /** Modules each child loads before it is ready: absolute paths, `file:` URLs or package names. */
  imports?: readonly string[] | undefined;
  /** A target to run in each child before it is ready. */
  initializer?: TargetReference | undefined;
  /** A target to run in each child before it leaves on its own; gets its pid and exit code. */
  shutdown?: TargetReference | undefined;
}

/** {@link ChildPoolOptions} with defaults filled in. */
export interface ResolvedChildPoolOptions {
  readonly name: string;
  readonly scheduling: Scheduling;
  readonly depth: number;
  readonly maxTasksPerChild: number | undefined;
  readonly maxMemoryPerChild: number | undefined;
  readonly maxIdle: number | undefined;
  readonly maxAge: number | undefined;
  readonly spare: number;
  readonly aliveTimeout: number;
  readonly killGrace: number;
  readonly stopTimeout: number;
  readonly imports: readonly string[];
  readonly initializer: TargetReference | undefined;
  readonly shutdown: TargetReference | undefined;
}

/** The names of {@link ChildPoolOptions}. */
export const childPoolOptionNames: readonly string[] = [
  ...poolOptionNames,
  'name',
  'scheduling',
  'depth',
  'maxTasksPerChild',
  'maxMemoryPerChild',
  'maxIdle',
  'maxAge',
  'spare',
  'aliveTimeout',
  'killGrace',
  'stopTimeout',
  'imports',
  'initializer',
  'shutdown',
];

/** Checks the options that are of children and fills in defaults; a wrong one is a TypeError that names it. */
export function resolveChildPoolOptions(options: ChildPoolOptions): ResolvedChildPoolOptions {
  const { name = 'pool', scheduling = 'auto', spare = 0, imports = [] } = options;
  if (typeof name !== 'string') throw new TypeError('name must be a string');
  if (scheduling !== 'auto' && scheduling !== 'fair' && scheduling !== 'fast')
    throw new TypeError(`scheduling must be 'auto', 'fair' or 'fast', not ${String(scheduling)}`);
  if (!Number.isSafeInteger(spare) || spare < 0)
    throw new TypeError(`spare must be a whole number of at least 0, not ${String(spare)}`);
  if (!Array.isArray(imports) || imports.some((item) => typeof item !== 'string'))
    throw new TypeError('imports must be an array of strings');
  const depth = optionalInteger('depth', options.depth) ?? (scheduling === 'fast' ? 8 : 1024);
  return {
    name,
    scheduling,
    depth,
    maxTasksPerChild: optionalInteger('maxTasksPerChild', options.maxTasksPerChild),
    maxMemoryPerChild: optionalInteger('maxMemoryPerChild', options.maxMemoryPerChild),
    maxIdle: seconds('maxIdle', options.maxIdle),
    maxAge: seconds('maxAge', options.maxAge),
    spare,
    aliveTimeout: seconds('aliveTimeout', options.aliveTimeout) ?? 30,
    killGrace: seconds('killGrace', options.killGrace) ?? 0.1,
    stopTimeout: seconds('stopTimeout', options.stopTimeout) ?? 10,
    imports: [...imports],
    initializer: reference('initializer', options.initializer),
    shutdown: reference('shutdown', options.shutdown),
  };
}

function optionalInteger(name: string, value: unknown): number | undefined {
  return value === undefined || value === null ? undefined : positiveInteger(name, value);
}

function reference(name: string, value: unknown): TargetReference | undefined {
  if (value === undefined || value === null) return undefined;
  assertTarget(value);
  if (typeof value === 'function')
    throw new TypeError(`${name} must be a reference { module, name }, since it runs elsewhere`);
  return { module: value.module, name: value.name };
}
