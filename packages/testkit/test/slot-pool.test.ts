import { poolConformance } from '@pool/testkit/pool';
import { describe, it } from 'vitest';
import { SlotPool } from './fixtures/dist/slot-pool.js';

poolConformance({
  describe,
  it,
  name: 'SlotPool',
  create: (options) => new SlotPool(options),
  module: { url: new URL('./fixtures/dist/slot-pool.js', import.meta.url), export: 'SlotPool' },
});
