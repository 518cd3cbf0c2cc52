import { loadApp } from '../app-reference.js';
import { captureOutput } from './capture-output.js';
import { settingsFromUrl } from './child-settings.js';
import { observed, type TracerFunctions } from './observed.js';
import { Tracer } from './tracer.js';

// Loaded in each child of a pool before it takes jobs, so a task never waits for its code.
const settings = settingsFromUrl(import.meta.url);
const app = await loadApp(settings.app);
const tracer = new Tracer(app, settings, (message, error) => console.error(message, error));
const functions = observed(tracer, app, settings.hostname);

if (settings.log !== null) captureOutput(settings.log, () => tracer.current);

/** Runs a task; what the parent hands to the pool. */
export const trace: TracerFunctions['trace'] = functions.trace;

/** Makes the outcome of a task that did not end by itself. */
export const traceFailure: TracerFunctions['traceFailure'] = functions.traceFailure;

/** Sends on what telemetry has buffered here; the last thing a child does that leaves on its own. */
export const shutdown = async (): Promise<void> => app.options.telemetry?.flush?.();
