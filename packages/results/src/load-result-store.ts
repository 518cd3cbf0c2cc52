import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ResultStoreNotFoundError } from './errors.js';
import type { ResultStore, ResultStoreFactory, ResultStoreOptions } from './result-store.js';
import { resultPackageFor, schemeOf } from './result-url.js';

/** How the package of a result store is found. */
export interface LoadResultStoreOptions {
  /** Given to the store. */
  options?: ResultStoreOptions;
  /** Packages of other schemes, or instead of the usual ones: `{ mongo: '@acme/pool-mongo' }`. */
  packages?: Readonly<Record<string, string>>;
  /** The file or folder from which packages are resolved: the user's project. @default the working directory */
  from?: string;
  /** Imports a package by name. @default resolves it from `from`, then from this package */
  import?: (specifier: string) => Promise<unknown>;
}

/**
 * Imports the package that serves a URL (`redis://…` → `@pool/results-redis`) and makes its store, not yet
 * connected.
 * @throws {ResultStoreNotFoundError} the package is not installed; the message names the `npm install` to run
 */
export async function loadResultStore(
  url: string,
  options: LoadResultStoreOptions = {},
): Promise<ResultStore> {
  const name = resultPackageFor(url, options.packages);
  const load = options.import ?? importFrom(options.from ?? join(process.cwd(), 'package.json'));
  let module: unknown;
  try {
    module = await load(name);
  } catch (cause) {
    if (!isMissing(cause, name)) throw cause;
    throw new ResultStoreNotFoundError(
      `no result store for ${schemeOf(url)}: is installed; run: npm install ${name}`,
      { cause, package: name },
    );
  }
  return factoryOf(module, name)(url, options.options);
}

function importFrom(from: string): (specifier: string) => Promise<unknown> {
  return async (specifier) => {
    const file = /\.[cm]?[jt]sx?$|\.json$/.test(from) ? from : join(from, 'package.json');
    let resolved: string;
    try {
      resolved = createRequire(pathToFileURL(file)).resolve(specifier);
    } catch {
      // Not a dependency of the user's project: it may be one of whoever brought this package.
      return import(specifier);
    }
    return import(pathToFileURL(resolved).href);
  };
}

function isMissing(error: unknown, name: string): boolean {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  const missing = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
  return missing && String((error as Error).message).includes(`'${name}'`);
}

function factoryOf(module: unknown, name: string): ResultStoreFactory {
  const { default: factory } = (module ?? {}) as { default?: unknown };
  if (typeof factory === 'function') return factory as ResultStoreFactory;
  throw new ResultStoreNotFoundError(
    `the package ${name} is not a result store: its default export is not a function that makes one`,
    { package: name },
  );
}
