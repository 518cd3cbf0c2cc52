import type { Cluster, Redis } from 'ioredis';

/**
 * Proves that a client that is connected has the database it is to have: where the server refused to select it, since there
 * are fewer or its user may not, ioredis goes on with database 0, among the keys of others.
 *
 * @throws what the server says
 */
export async function assertDatabase(client: Redis | Cluster): Promise<void> {
  const db = 'nodes' in client ? 0 : (client.options.db ?? 0);
  if (db !== 0) await (client as Redis).select(db);
}
