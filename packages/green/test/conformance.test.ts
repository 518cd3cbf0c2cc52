import { GreenPool } from '@pool/green';
import { poolConformance } from '@pool/testkit/pool';
import { describe, it } from 'vitest';

poolConformance({
  describe,
  it,
  name: 'green',
  create: (options) => new GreenPool(options),
  module: { url: import.meta.resolve('@pool/green'), export: 'GreenPool' },
});
