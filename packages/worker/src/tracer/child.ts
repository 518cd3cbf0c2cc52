import { loadApp } from '../app-reference.js';
import { captureOutput } from './capture-output.js';
import { settingsFromUrl } from './child-settings.js';
import type { Outcome } from './outcome.js';
import { Tracer } from './tracer.js';

// Loaded in each child of a pool before it takes jobs, so a task never waits for its code.
const settings = settingsFromUrl(import.meta.url);
const tracer = new Tracer(await loadApp(settings.app), settings, (message, error) =>
  console.error(message, error),
);

if (settings.log !== null) captureOutput(settings.log, () => tracer.current);

/** Runs a task; what the parent hands to the pool. */
export const trace = (...args: Parameters<Tracer['trace']>): Outcome | Promise<Outcome> =>
  tracer.trace(...args);

/** Makes the outcome of a task that did not end by itself. */
export const traceFailure = (...args: Parameters<Tracer['traceFailure']>): Outcome | Promise<Outcome> =>
  tracer.traceFailure(...args);
