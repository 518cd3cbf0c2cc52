import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { WorkerConfigError } from '../errors.js';
import type { SettingsSource } from './resolve-settings.js';

/** Looked for in the working directory, the first that is there counts. */
const usualNames = ['pool.config.js', 'pool.config.mjs', 'pool.config.json'];

/**
 * The settings of a config file: JSON, or a module whose default export is the settings. Without a path the usual
 * names are looked for, and none is no error.
 *
 * @throws WorkerConfigError when the file does not load
 */
export async function settingsFromFile(path: string | undefined, cwd: string): Promise<SettingsSource[]> {
  const name = path ?? usualNames.find((usual) => existsSync(resolve(cwd, usual)));
  if (name === undefined) return [];
  const file = resolve(cwd, name);
  let value: unknown;
  try {
    value = file.endsWith('.json')
      ? JSON.parse(await readFile(file, 'utf8'))
      : ((await import(pathToFileURL(file).href)) as { default?: unknown }).default;
  } catch (cause) {
    throw new WorkerConfigError(`the config file ${name} does not load: ${(cause as Error).message}`, {
      cause,
    });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new WorkerConfigError(`the config file ${name} must hold an object of settings`);
  return [{ from: name, settings: value as Record<string, unknown> }];
}
