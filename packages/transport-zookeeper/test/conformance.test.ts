import { randomUUID } from 'node:crypto';
import { requireServer } from '@pool/servers/vitest';
import { areaNames, transportConformance } from '@pool/testkit/transport';
import { createTransport } from '@pool/transport-zookeeper';
import zookeeper from 'node-zookeeper-client';
import { describe, it } from 'vitest';

const server = await requireServer('zookeeper');
const options = { sessionTimeout: 4 };

// ZooKeeper takes no message above 1 MiB: what this area would test of it is in limits.test.ts.
const beyondZookeeper: readonly string[] = ['messages'];

transportConformance({
  describe,
  it,
  name: 'zookeeper',
  url: (place) => `${server.url}/${place}`,
  create: (url, given) => createTransport(url, { ...given, ...options }),
  module: { url: import.meta.resolve('@pool/transport-zookeeper'), options },
  areas: areaNames.filter((area) => !beyondZookeeper.includes(area)),
  putMalformed: async (place, queue) => {
    const client = zookeeper.createClient(`${server.host}:${server.port}`);
    client.connect();
    try {
      await new Promise<void>((resolve, reject) => {
        const path = `/${place}/${queue}/entry-009-`;
        const mode = zookeeper.CreateMode.PERSISTENT_SEQUENTIAL;
        const data = Buffer.from(`{"body": ${randomUUID()}`);
        client.create(path, data, mode, (error) => (error ? reject(error) : resolve()));
      });
    } finally {
      client.close();
    }
  },
});
