import { SoloPool } from '@pool/solo';
import { poolConformance } from '@pool/testkit/pool';
import { describe, it } from 'vitest';

poolConformance({
  describe,
  it,
  name: 'solo',
  create: (options) => new SoloPool(options),
  module: { url: import.meta.resolve('@pool/solo'), export: 'SoloPool' },
});
