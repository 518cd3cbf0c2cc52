import { transportConformance } from '@pool/testkit/transport';
import { MemoryTransport } from '@pool/transport-memory';
import { describe, it } from 'vitest';

transportConformance({
  describe,
  it,
  name: 'memory',
  url: (place) => `memory://${place}`,
  create: (url, options) => new MemoryTransport(url, options),
  module: { url: import.meta.resolve('@pool/transport-memory') },
});
