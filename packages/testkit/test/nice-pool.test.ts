import { poolConformance } from '@pool/testkit/pool';
import { describe, it } from 'vitest';
import { NicePool } from './fixtures/dist/guide/nice-pool.js';

poolConformance({
  describe,
  it,
  name: 'NicePool',
  // What is not about children is the same as in the other pools of this package's tests.
  areas: ['jobs', 'payloads', 'concurrency', 'limits', 'terminate', 'recycle', 'loss', 'process'],
  create: (options) => new NicePool(options),
  module: { url: new URL('./fixtures/dist/guide/nice-pool.js', import.meta.url), export: 'NicePool' },
});
