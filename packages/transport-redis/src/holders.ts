import { hostname } from 'node:os';
import type { Keys } from './keys.js';
import type { Client } from './redis-clients.js';

/** What a holder tells of itself. */
interface HolderRecord {
  /** The name of its connection, by which the server knows whether it is there. */
  client: string;
  /** When it last said so, in seconds since the epoch. */
  at: number;
  host: string;
  pid: number;
}

const host = hostname();

/** This process as a holder, as JSON. */
export function describeHolder(client: string, now: number): string {
  return JSON.stringify({ client, at: now, host, pid: process.pid } satisfies HolderRecord);
}

/**
 * The holders that are gone: silent for `goneAfter` seconds and without a connection to the server. A worker whose task
 * blocks its event loop is silent too, but connected, and keeps what it holds.
 */
export async function goneHolders(
  client: Client,
  keys: Keys,
  now: number,
  goneAfter: number,
): Promise<string[]> {
  const silent: [holder: string, client: string][] = [];
  for (const [holder, text] of Object.entries(await client.hgetall(keys.holders))) {
    const record = parse(text);
    if (record === undefined || now - record.at >= goneAfter) silent.push([holder, record?.client ?? '']);
  }
  if (silent.length === 0) return [];
  const connected = await connectedNames(client);
  if (connected === undefined) return [];
  return silent.filter(([, name]) => !connected.has(name)).map(([holder]) => holder);
}

/** The names of all connections; undefined where the server does not tell (a cluster, a user without the right). */
async function connectedNames(client: Client): Promise<Set<string> | undefined> {
  if (client.isCluster) return undefined;
  try {
    const list = (await client.call('CLIENT', 'LIST')) as string;
    return new Set(Array.from(list.matchAll(/ name=(\S*)/g), (match) => match[1] as string));
  } catch (error) {
    if (/^NOPERM/.test((error as Error).message)) return undefined;
    throw error;
  }
}

function parse(text: string): HolderRecord | undefined {
  try {
    const record = JSON.parse(text) as Partial<HolderRecord> | null;
    return typeof record?.at === 'number' && typeof record.client === 'string'
      ? (record as HolderRecord)
      : undefined;
  } catch {
    return undefined;
  }
}
