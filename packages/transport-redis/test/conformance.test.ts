import { randomUUID } from 'node:crypto';
import { requireServer } from '@pool/servers/vitest';
import { transportConformance } from '@pool/testkit/transport';
import { createTransport } from '@pool/transport-redis';
import { describe, it } from 'vitest';

const redis = await requireServer('redis');
const prefixOf = (place: string): string => `${place}:`;
const placeOf = (url: string): string => new URL(url).searchParams.get('place') ?? '';

transportConformance({
  describe,
  it,
  name: 'redis',
  url: (place) => `${redis.url}?place=${encodeURIComponent(place)}`,
  create: (url, options) =>
    createTransport(url, {
      goneAfter: 1,
      unackedRestoreInterval: 0.5,
      ...options,
      globalKeyPrefix: prefixOf(placeOf(url)),
    }),
  module: {
    url: new URL('./fixtures/placed-transport.js', import.meta.url),
    options: { goneAfter: 1, unackedRestoreInterval: 0.5 },
  },
  putMalformed: async (place, queue) => {
    await redis.command('LPUSH', `${prefixOf(place)}${queue}`, `{"body": ${randomUUID()}`);
  },
  reasonsAside: async (place, queue) => {
    const entries = await redis.command('LRANGE', `${prefixOf(place)}${queue}.rejected`, '0', '-1');
    return entries
      .split('\n')
      .map(
        (entry) =>
          (JSON.parse(entry) as { headers: Record<string, string> }).headers['x-rejected-reason'] ?? '',
      );
  },
});
