import { type AreaName, areaNames } from './area-names.js';
import { aside } from './areas/aside.js';
import { capabilities } from './areas/capabilities.js';
import { consuming } from './areas/consuming.js';
import { crash } from './areas/crash.js';
import { delay } from './areas/delay.js';
import { expiry } from './areas/expiry.js';
import { fanout } from './areas/fanout.js';
import { lifecycle } from './areas/lifecycle.js';
import { messages } from './areas/messages.js';
import { pausing } from './areas/pausing.js';
import { prefetch } from './areas/prefetch.js';
import { priorities } from './areas/priorities.js';
import { processes } from './areas/process.js';
import { queues } from './areas/queues.js';
import { returning } from './areas/returning.js';
import { routing } from './areas/routing.js';
import { settling } from './areas/settling.js';
import { topic } from './areas/topic.js';
import type { TransportConformanceOptions } from './options.js';
import { Suite } from './suite.js';

const areas: Record<AreaName, (suite: Suite) => void> = {
  lifecycle,
  capabilities,
  queues,
  messages,
  consuming,
  prefetch,
  settling,
  returning,
  pausing,
  routing,
  fanout,
  topic,
  priorities,
  expiry,
  delay,
  aside,
  crash,
  process: processes,
};

/**
 * Defines the tests that every transport must pass, with the runner it is given (vitest's or `node:test`'s `describe`
 * and `it`). Tests of what the transport declares it cannot do are skipped with the reason in their title; that it does
 * what it declares, and refuses what it does not, is tested.
 */
export function transportConformance(options: TransportConformanceOptions): void {
  options.describe(`${options.name}: transport conformance`, () => {
    const suite = new Suite(options);
    for (const name of areaNames) areas[name](suite);
  });
}
