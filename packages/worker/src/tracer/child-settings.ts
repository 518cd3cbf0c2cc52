import type { AppReference } from '../app-reference.js';
import type { LogLevel } from '../logging/logger.js';
import type { TracerSettings } from './tracer.js';

/** What a child of the pool has to know. JSON. */
export interface ChildSettings extends TracerSettings {
  readonly app: AppReference;
  /** How what tasks print is logged; null leaves it alone. */
  readonly log: {
    readonly level: LogLevel | 'silent';
    readonly format: 'auto' | 'pretty' | 'json';
    readonly printed: LogLevel;
  } | null;
}

/**
 * The URL of the module that runs tasks in a child. The settings are part of it: so every kind of child that can load a
 * module gets them, and two workers in one process do not share theirs.
 */
export function childModule(settings: ChildSettings): string {
  const url = new URL('./child.js', import.meta.url);
  url.searchParams.set('settings', JSON.stringify(settings));
  return url.href;
}

/** Reads them back from the module's own URL. */
export function settingsFromUrl(url: string): ChildSettings {
  const text = new URL(url).searchParams.get('settings');
  if (text === null) throw new TypeError('this module is loaded by workers only, with their settings');
  return JSON.parse(text) as ChildSettings;
}
