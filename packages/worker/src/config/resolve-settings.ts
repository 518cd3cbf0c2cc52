import { nearestName } from '@pool/app';
import { type BaseIssue, safeParse } from 'valibot';
import { WorkerConfigError } from '../errors.js';
import { type Settings, settingNames, settingsSchema } from './schema.js';

/** Some settings and where they are from, as an error message says it: `the environment`. */
export interface SettingsSource {
  readonly from: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

/**
 * Puts sources together, later ones before earlier ones, and checks the whole.
 *
 * @throws WorkerConfigError that names every wrong setting, with its source
 */
export function resolveSettings(sources: readonly SettingsSource[]): Settings {
  const merged: Record<string, unknown> = {};
  const origin = new Map<string, string>();
  const problems: string[] = [];
  for (const { from, settings } of sources) {
    for (const [name, value] of Object.entries(settings)) {
      if (value === undefined) continue;
      if (!settingNames.includes(name)) problems.push(unknownSetting(name, from));
      merged[name] = value;
      origin.set(name, from);
    }
  }
  const checked = safeParse(settingsSchema, merged, { abortPipeEarly: true });
  for (const issue of checked.issues ?? []) problems.push(describeIssue(issue, origin));
  if (!checked.success || problems.length > 0) throw new WorkerConfigError(problems.join('; '));
  return checked.output;
}

function unknownSetting(name: string, from: string): string {
  // Celery's spelling, worker_prefetch_multiplier, counts as the same name.
  const near = nearestName(name.replace(/^worker_/i, ''), settingNames);
  return `${from} has the unknown setting ${JSON.stringify(name)}${near === undefined ? '' : `; did you mean ${near}?`}`;
}

function describeIssue({ path, message }: BaseIssue<unknown>, origin: ReadonlyMap<string, string>): string {
  const where = (path ?? []).map(({ key }) => String(key));
  const from = origin.get(where[0] ?? '');
  return `${where.join('.')}${from === undefined ? '' : ` (from ${from})`}: ${message}`;
}
