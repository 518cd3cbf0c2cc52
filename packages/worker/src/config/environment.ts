import type { SettingsSource } from './resolve-settings.js';
import { settingNames } from './schema.js';

/** `prefetchMultiplier` is `POOL_WORKER_PREFETCH_MULTIPLIER`. */
export function environmentName(setting: string): string {
  return `POOL_WORKER_${setting.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

const lists: ReadonlySet<string> = new Set(['queues', 'excludeQueues']);
const texts: ReadonlySet<string> = new Set([
  'pool',
  'hostname',
  'autoscale',
  'stateDb',
  'healthHost',
  'logLevel',
  'logFormat',
  'redirectStdoutsLevel',
]);

/** The settings that environment variables give. Objects are written as JSON, lists with commas. */
export function settingsFromEnvironment(env: Readonly<Record<string, string | undefined>>): SettingsSource {
  const settings: Record<string, unknown> = {};
  for (const name of settingNames) {
    const text = env[environmentName(name)];
    if (text !== undefined && text !== '') settings[name] = parse(name, text);
  }
  // Celery's own names of two of them.
  const max = env['CELERY_WORKER_REVOKES_MAX'];
  const expires = env['CELERY_WORKER_REVOKE_EXPIRES'];
  const keepalive = env['AUTOSCALE_KEEPALIVE'];
  if (max) settings['revokesMax'] ??= Number(max);
  if (expires) settings['revokeExpires'] ??= Number(expires);
  if (keepalive) settings['autoscaleKeepalive'] ??= Number(keepalive);
  return { from: 'the environment', settings };
}

function parse(name: string, text: string): unknown {
  if (lists.has(name)) return splitList(text);
  if (texts.has(name)) return text;
  try {
    return JSON.parse(text);
  } catch {
    // The check of the whole says what it should be.
    return text;
  }
}

/** `'a, b'` → `['a', 'b']`. */
export function splitList(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
