import { createRequire } from 'node:module';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { TargetNotFoundError } from './errors.js';
import type { TargetFunction, TargetReference } from './target.js';

const loaded = new Map<string, TargetFunction>();
/** The same by the reference itself, which callers tend to use again: a key need not be made then. */
const known = new WeakMap<TargetReference, TargetFunction>();
const loading = new Map<string, Promise<TargetFunction>>();

const keyOf = ({ module, name }: TargetReference): string => `${module}\0${name}`;

/** The function a reference names, if it was loaded before: the path without a promise. */
export function loadedTarget(reference: TargetReference): TargetFunction | undefined {
  let fn = known.get(reference);
  if (fn === undefined) {
    fn = loaded.get(keyOf(reference));
    if (fn !== undefined) known.set(reference, fn);
  }
  return fn;
}

/**
 * Loads the function a reference names. One load serves all who wait for it; a failed one is tried anew next time.
 *
 * @throws TargetNotFoundError when the module does not load or has no such function
 */
export function resolveTarget(reference: TargetReference): Promise<TargetFunction> {
  const key = keyOf(reference);
  let promise = loading.get(key);
  if (promise === undefined) {
    promise = load(reference).then((fn) => {
      loaded.set(key, fn);
      return fn;
    });
    loading.set(key, promise);
    promise.catch(() => loading.delete(key));
  }
  return promise;
}

/**
 * Imports a module by an absolute path, a `file:` URL or a package name. A package that is not to be found beside this
 * one is looked for where the process was started, as a program of that folder would.
 */
export async function importModule(module: string): Promise<unknown> {
  if (module.endsWith('.cjs')) {
    if (isAbsolute(module)) return requireModule(module);
    if (module.startsWith('file:')) return requireModule(fileURLToPath(module));
  }
  if (isAbsolute(module)) return import(pathToFileURL(module).href);
  try {
    return await import(module);
  } catch (error) {
    if ((error as NodeJS.ErrnoException | undefined)?.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    let path: string;
    try {
      path = createRequire(join(process.cwd(), 'package.json')).resolve(module);
    } catch {
      throw error;
    }
    return import(pathToFileURL(path).href);
  }
}

/** Loads what is CommonJS for certain without the loader of ES modules, which takes a new process some milliseconds. */
function requireModule(path: string): object {
  const exported: unknown = createRequire(path)(path);
  return { ...(exported as object), default: exported };
}

async function load({ module, name }: TargetReference): Promise<TargetFunction> {
  let namespace: unknown;
  try {
    namespace = await importModule(module);
  } catch (cause) {
    throw new TargetNotFoundError(
      `cannot load the module '${module}' of the target '${name}': ${messageOf(cause)}`,
      { cause },
    );
  }
  let value = namespace;
  for (const part of name.split('.')) {
    value =
      value !== null && value !== undefined && Object.hasOwn(value, part)
        ? (value as Record<string, unknown>)[part]
        : undefined;
  }
  if (typeof value !== 'function') {
    throw new TargetNotFoundError(`the module '${module}' exports no function named '${name}'`);
  }
  return value as TargetFunction;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
