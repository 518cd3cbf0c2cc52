import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Keys } from './keys.js';
import type { Client } from './redis-clients.js';
import { isForbidden } from './server-errors.js';

/** What a holder tells of itself. */
interface HolderRecord {
  /** The name of its connection, by which the server knows whether it is there; nothing if it may have none. */
  client: string;
  /** When it last said so, in seconds since the epoch. */
  at: number;
  host: string;
  pid: number;
  /** Somebody found it gone and is putting back what it held. */
  gone?: true;
}

/** Whoever is gone, and what is known of them. */
export interface GoneHolder {
  readonly id: string;
  readonly record: string;
}

const host = hostname();

/** This process as a holder of messages. */
export class Holder {
  readonly id: string = randomUUID();
  readonly clientName: string = `pool.${this.id}`;
  /** Whether the server could be told its name. */
  named = true;
  /** When it last knew that the server knew of it, in seconds since the epoch. */
  confirmedAt = 0;

  /** What others are told, as JSON. */
  describe(now: number): string {
    const client = this.named ? this.clientName : '';
    return JSON.stringify({ client, at: now, host, pid: process.pid } satisfies HolderRecord);
  }
}

/** Whether the server's memory of a holder is whole: it forgot nothing, and nobody took the holder for gone. */
export function isIntact(text: string | null, confirmedAt: number): boolean {
  const record = text === null ? undefined : parse(text);
  return record !== undefined && record.gone !== true && record.at >= confirmedAt;
}

/** The same record, saying that its holder is gone. */
export function markGone(record: string): string {
  return JSON.stringify({ ...parse(record), gone: true });
}

/**
 * The holders that are gone: silent for `goneAfter` seconds and without a connection to the server. A worker whose task
 * blocks its event loop is silent too, but connected, and keeps what it holds. The silence before `since`, in seconds since
 * the epoch, counts against nobody: the server was away.
 */
export async function goneHolders(
  client: Client,
  keys: Keys,
  now: number,
  goneAfter: number,
  since: number,
): Promise<GoneHolder[]> {
  const gone: GoneHolder[] = [];
  const silent: [holder: GoneHolder, client: string][] = [];
  for (const [id, text] of Object.entries(await client.hgetall(keys.holders))) {
    const holder = { id, record: text };
    const record = parse(text);
    if (record === undefined || record.gone) gone.push(holder);
    else if (record.client !== '' && now - Math.max(record.at, since) >= goneAfter)
      silent.push([holder, record.client]);
  }
  if (silent.length === 0) return gone;
  const connected = await connectedNames(client);
  if (connected === undefined) return gone;
  return [...gone, ...silent.filter(([, name]) => !connected.has(name)).map(([holder]) => holder)];
}

/** The names of all connections; undefined where the server does not tell. */
async function connectedNames(client: Client): Promise<Set<string> | undefined> {
  try {
    const list = (await client.call('CLIENT', 'LIST')) as string;
    return new Set(Array.from(list.matchAll(/ name=(\S*)/g), (match) => match[1] as string));
  } catch (error) {
    if (isForbidden(error)) return undefined;
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
