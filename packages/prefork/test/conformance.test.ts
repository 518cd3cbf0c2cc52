import { PreforkPool } from '@pool/prefork';
import { poolConformance } from '@pool/testkit/pool';
import { describe, it } from 'vitest';

poolConformance({
  describe,
  it,
  name: 'PreforkPool',
  create: (options) => new PreforkPool(options),
  module: { url: import.meta.resolve('@pool/prefork'), export: 'PreforkPool' },
});
