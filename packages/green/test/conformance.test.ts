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

// What may be told to interrupt synchronous code must then do so; and following jobs costs nothing of the contract.
poolConformance({
  describe,
  it,
  name: 'green, told to interrupt and to follow its jobs',
  create: (options) => new GreenPool({ ...options, interrupt: true, asyncContext: true }),
  module: { url: import.meta.resolve('@pool/green'), export: 'GreenPool' },
  areas: ['limits', 'soft-limits'],
});
