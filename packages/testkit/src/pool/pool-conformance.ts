import type { AreaName } from './area-names.js';
import { areaNames } from './area-names.js';
import { callbacks } from './areas/callbacks.js';
import { capabilities } from './areas/capabilities.js';
import { close } from './areas/close.js';
import { concurrency } from './areas/concurrency.js';
import { errors } from './areas/errors.js';
import { events } from './areas/events.js';
import { flush } from './areas/flush.js';
import { info } from './areas/info.js';
import { isolation } from './areas/isolation.js';
import { jobs } from './areas/jobs.js';
import { lifecycle } from './areas/lifecycle.js';
import { limits } from './areas/limits.js';
import { loss } from './areas/loss.js';
import { payloads } from './areas/payloads.js';
import { processes } from './areas/process.js';
import { recycle } from './areas/recycle.js';
import { resize } from './areas/resize.js';
import { restart } from './areas/restart.js';
import { softLimits } from './areas/soft-limits.js';
import { terminate } from './areas/terminate.js';
import type { PoolConformanceOptions } from './options.js';
import { Suite } from './suite.js';

const areas: Record<AreaName, (suite: Suite) => void> = {
  capabilities,
  lifecycle,
  jobs,
  callbacks,
  errors,
  payloads,
  concurrency,
  limits,
  'soft-limits': softLimits,
  terminate,
  close,
  flush,
  resize,
  restart,
  recycle,
  loss,
  isolation,
  info,
  events,
  process: processes,
};

/**
 * Defines the tests that every pool must pass, with the runner it is given (vitest's or `node:test`'s `describe` and
 * `it`). Tests of what the pool declares it cannot do are skipped with the reason in their title; that it does what it
 * declares, and refuses what it does not, is tested.
 */
export function poolConformance(options: PoolConformanceOptions): void {
  options.describe(`${options.name}: pool conformance`, () => {
    const suite = new Suite(options);
    for (const name of areaNames) areas[name](suite);
  });
}
