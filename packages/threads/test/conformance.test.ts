import { poolConformance } from '@pool/testkit/pool';
import { ThreadsPool } from '@pool/threads';
import { describe, it } from 'vitest';

poolConformance({
  describe,
  it,
  name: 'threads',
  create: (options) => new ThreadsPool(options),
  module: { url: import.meta.resolve('@pool/threads'), export: 'ThreadsPool' },
});
