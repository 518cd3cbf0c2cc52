import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { App } from '@pool/app';
import { AppNotFoundError } from './errors.js';

/** Where an app is found, in any process: a module's URL and the export. */
export interface AppReference {
  /** A `file:` URL. */
  readonly module: string;
  /** The export's name; `default` or `app` when left out, in this order. */
  readonly export?: string;
}

/**
 * The reference that `-A` stands for: `./tasks.js`, `tasks` (a file here, or a package), or either with the export's
 * name, `./tasks.js:queue`.
 *
 * @throws AppNotFoundError when there is no such file or package
 */
export function parseAppReference(text: string, cwd: string = process.cwd()): AppReference {
  const { specifier, name } = splitReference(text);
  const module = locate(specifier, cwd);
  if (module === undefined)
    throw new AppNotFoundError(
      `there is no module ${specifier}: -A takes a file such as ./tasks.js, or a package, that exports an App`,
    );
  return name === undefined ? { module } : { module, export: name };
}

/**
 * Loads an app.
 *
 * @throws AppNotFoundError when the module does not load, or exports no app of that name
 */
export async function loadApp(reference: AppReference): Promise<App> {
  let namespace: Record<string, unknown>;
  try {
    namespace = (await import(reference.module)) as Record<string, unknown>;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppNotFoundError(`the app's module ${reference.module} does not load: ${reason}`, { cause });
  }
  const names = reference.export === undefined ? ['default', 'app'] : [reference.export];
  for (const name of names) {
    const value = Object.hasOwn(namespace, name) ? namespace[name] : undefined;
    if (isApp(value)) return value;
  }
  throw new AppNotFoundError(
    `${reference.module} exports no App as ${names.join(' or ')}; it exports ${Object.keys(namespace).join(', ') || 'nothing'}`,
  );
}

/** By shape, since the user's project may have another copy of the package. */
function isApp(value: unknown): value is App {
  if (value instanceof App) return true;
  const { tasks, sendTask, codec } = (value ?? {}) as Partial<App>;
  return tasks instanceof Map && typeof sendTask === 'function' && codec !== undefined;
}

function splitReference(text: string): { specifier: string; name: string | undefined } {
  const colon = text.lastIndexOf(':');
  const name = text.slice(colon + 1);
  // Not the colon of a drive letter or of a URL's scheme.
  if (colon > 1 && /^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u.test(name) && text.slice(0, colon) !== 'file')
    return { specifier: text.slice(0, colon), name };
  return { specifier: text, name: undefined };
}

function locate(specifier: string, cwd: string): string | undefined {
  if (specifier.startsWith('file:')) return specifier;
  const path = resolve(cwd, specifier);
  for (const candidate of [path, `${path}.js`, `${path}.mjs`, `${path}.cjs`, join(path, 'index.js')]) {
    if (existsSync(candidate) && /\.\w+$/.test(candidate)) return pathToFileURL(candidate).href;
  }
  if (specifier.startsWith('.') || isAbsolute(specifier)) return undefined;
  try {
    return pathToFileURL(createRequire(join(cwd, 'package.json')).resolve(specifier)).href;
  } catch {
    return undefined;
  }
}
