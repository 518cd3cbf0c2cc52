import { poolConformance } from '@pool/testkit/pool';
import { describe, it } from 'vitest';
import { NicePool } from './fixtures/dist/guide/nice-pool.js';

poolConformance({
  describe,
  it,
  name: 'NicePool',
  create: (options) => new NicePool(options),
  module: { url: new URL('./fixtures/dist/guide/nice-pool.js', import.meta.url), export: 'NicePool' },
});
