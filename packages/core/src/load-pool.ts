import { createRequire } from 'node:module';
import { isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BasePool } from './base-pool.js';
import { PoolNotFoundError } from './errors.js';
import { poolNames, poolPackages } from './pool-names.js';
import type { PoolOptions } from './pool-options.js';

/** A concrete pool's class. */
export type PoolClass = (new (
  options: PoolOptions,
) => BasePool) & { readonly optionNames: readonly string[] };

/** How {@link loadPool} finds things; all of it has a default. */
export interface LoadPoolOptions {
  /** The folder whose packages are meant. @default the current one */
  from?: string;
  /** Imports a module by its file URL or name. @default `import()` */
  importModule?: (specifier: string) => Promise<unknown>;
  /** @default `process.env` */
  env?: Readonly<Record<string, string | undefined>>;
}

const brand = Symbol.for('@pool/core.BasePool');

/**
 * The pool class that a name stands for: an alias (`prefork`, `threads`, …), `custom` (named by `POOL_CUSTOM_WORKER_POOL`
 * or Celery's `CELERY_CUSTOM_WORKER_POOL`), a package, or `module:Class` with a package or a path before the colon.
 *
 * @throws PoolNotFoundError that says what to install or to write
 */
export async function loadPool(name: string, options: LoadPoolOptions = {}): Promise<PoolClass> {
  const { env = process.env } = options;
  if (name === 'custom') {
    const custom = env['POOL_CUSTOM_WORKER_POOL'] || env['CELERY_CUSTOM_WORKER_POOL'];
    if (!custom)
      throw new PoolNotFoundError(
        "the pool 'custom' is named by POOL_CUSTOM_WORKER_POOL=module:Class, which is not set",
      );
    if (custom === 'custom')
      throw new PoolNotFoundError("POOL_CUSTOM_WORKER_POOL must name a module, not 'custom' again");
    return loadPool(custom, options);
  }
  const known = Object.hasOwn(poolPackages, name) ? poolPackages[name] : undefined;
  const [specifier, exportName] = known === undefined ? splitName(name) : [known, undefined];
  return pickClass(await importFrom(specifier, name, options), name, exportName);
}

/** `module:Class`, where the module may be a path, also one with a drive letter. */
function splitName(name: string): [specifier: string, exportName: string | undefined] {
  const colon = name.lastIndexOf(':');
  const exportName = name.slice(colon + 1);
  return colon > 1 && /^[\w$]+$/.test(exportName) ? [name.slice(0, colon), exportName] : [name, undefined];
}

async function importFrom(
  specifier: string,
  name: string,
  options: LoadPoolOptions,
): Promise<Record<string, unknown>> {
  const { from = process.cwd(), importModule = (s: string): Promise<unknown> => import(s) } = options;
  let url: string;
  if (isPath(specifier))
    url = specifier.startsWith('file:') ? specifier : pathToFileURL(resolve(from, specifier)).href;
  else url = resolvePackage(specifier, from, name);
  try {
    return (await importModule(url)) as Record<string, unknown>;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PoolNotFoundError(`the pool '${name}' does not load: ${reason}`, { cause });
  }
}

function isPath(specifier: string): boolean {
  return specifier.startsWith('.') || specifier.startsWith('file:') || isAbsolute(specifier);
}

/** The package as the user's project has it; as this package's own neighbours have it when the project has none. */
function resolvePackage(specifier: string, from: string, name: string): string {
  for (const base of [pathToFileURL(join(resolve(from), 'package.json')).href, import.meta.url]) {
    try {
      return pathToFileURL(createRequire(base).resolve(specifier)).href;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') {
        throw new PoolNotFoundError(`the pool '${name}' does not load: ${(cause as Error).message}`, {
          cause,
        });
      }
    }
  }
  const names = Object.hasOwn(poolPackages, name) ? '' : ` (or choose one of ${poolNames.join(', ')})`;
  throw new PoolNotFoundError(
    `the pool '${name}' is not installed: run npm install ${packageName(specifier)}${names}`,
  );
}

function packageName(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

function pickClass(
  namespace: Record<string, unknown>,
  name: string,
  exportName: string | undefined,
): PoolClass {
  if (exportName !== undefined) {
    const value = Object.hasOwn(namespace, exportName) ? namespace[exportName] : undefined;
    if (isPoolClass(value)) return value;
    throw new PoolNotFoundError(
      `'${name}' names no pool: '${exportName}' is ${value === undefined ? 'not exported' : 'not a class that extends BasePool'}`,
    );
  }
  if (isPoolClass(namespace['default'])) return namespace['default'];
  const classes = Object.values(namespace).filter(isPoolClass);
  if (classes.length === 1 && classes[0] !== undefined) return classes[0];
  const why =
    classes.length === 0
      ? 'it exports no class that extends BasePool'
      : 'it exports several pools; write module:Class';
  throw new PoolNotFoundError(`'${name}' names no pool: ${why}`);
}

function isPoolClass(value: unknown): value is PoolClass {
  return typeof value === 'function' && (value as { isPool?: unknown }).isPool === brand;
}
