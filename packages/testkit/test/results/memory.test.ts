import { MemoryResults, resultStoreConformance } from '@pool/testkit/results';
import { describe, it } from 'vitest';

resultStoreConformance({
  describe,
  it,
  name: 'memory',
  create: (place, options) => new MemoryResults(place, options),
  clean: async (place) => MemoryResults.drop(place),
});
