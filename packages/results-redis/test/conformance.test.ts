import createResultStore from '@pool/results-redis';
import { requireServer } from '@pool/servers/vitest';
import { resultStoreConformance } from '@pool/testkit/results';
import { describe, it } from 'vitest';

const redis = await requireServer('redis');

resultStoreConformance({
  describe,
  it,
  name: 'redis',
  create: (place, options) => createResultStore(redis.url, { ...options, globalKeyPrefix: place }),
});
