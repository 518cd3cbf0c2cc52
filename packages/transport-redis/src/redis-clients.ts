import { setTimeout as sleep } from 'node:timers/promises';
import { type ClientOptions, endClient, plainError } from '@pool/redis';
import { type BrokerUrl, ConnectionError } from '@pool/transport';
import { Redis } from 'ioredis';
import { type Node, ownerOf } from './cluster-owner.js';
import { addressOf, connectionOptions, nodeOf } from './connection-options.js';
import type { ResolvedRedisOptions } from './redis-options.js';
import * as scripts from './scripts.js';
import { connectionError } from './server-errors.js';

/** How long a connection may take to end, in milliseconds. */
const PATIENCE = 2000;

type Keys = readonly string[];
type Numbers = Promise<number>;

/** A connection with our scripts as commands. */
export type Client = Redis & {
  poolTake(numberOfKeys: number, ...rest: (string | number)[]): Promise<(string | number)[]>;
  poolCount(numberOfKeys: number, ...keys: Keys): Numbers;
  poolPurge(numberOfKeys: number, ...keys: Keys): Numbers;
  poolForget(numberOfKeys: number, ...rest: (string | number)[]): Promise<number[]>;
  poolMove(numberOfKeys: number, ...rest: (string | number)[]): Promise<number[]>;
  poolRenew(numberOfKeys: number, ...rest: (string | number)[]): Promise<(number | string)[]>;
  poolJoin(numberOfKeys: number, ...rest: string[]): Promise<[before: string | null, tags: string[]]>;
  poolSwap(numberOfKeys: number, ...rest: string[]): Numbers;
  poolLock(numberOfKeys: number, ...rest: (string | number)[]): Numbers;
  poolUnlock(numberOfKeys: number, ...rest: string[]): Numbers;
  poolProbe(numberOfKeys: number, ...keys: Keys): Promise<string[]>;
};

const COMMANDS: Readonly<Record<string, string>> = {
  poolTake: scripts.TAKE,
  poolCount: scripts.COUNT,
  poolPurge: scripts.PURGE,
  poolForget: scripts.FORGET,
  poolMove: scripts.MOVE,
  poolRenew: scripts.RENEW,
  poolJoin: scripts.JOIN,
  poolSwap: scripts.SWAP,
  poolLock: scripts.LOCK,
  poolUnlock: scripts.UNLOCK,
  poolProbe: scripts.PROBE,
};

/** Two connections to one server: one for commands, one that listens. */
export interface Clients {
  readonly commands: Client;
  readonly listener: Client;
  /** Closes both; resolves when nothing that was under way can be answered any more. */
  disconnect(): Promise<void>;
}

/** Where connections are to lead, and how. */
export interface Destination {
  readonly url: BrokerUrl;
  readonly urls: readonly BrokerUrl[];
  readonly options: ResolvedRedisOptions;
  /** A key of those that are used: a cluster keeps all of them on one node, by their hash tag. */
  readonly key: string;
}

/** Opens both connections; `onLost` is called once when either is lost after that. @throws {ConnectionError} */
export async function openClients(
  to: Destination,
  onLost: (error: Error) => void,
  signal: AbortSignal,
): Promise<Clients> {
  const { url, urls, options } = to;
  const address = options.cluster ? await findOwner(to, signal) : addressOf(url, urls, options);
  const [commands, listener] = [createClient(to, address), createClient(to, address)];
  const disconnect = await open([commands, listener], url, onLost, signal);
  return { commands, listener, disconnect };
}

/** The node of a cluster where the keys are. */
async function findOwner(to: Destination, signal: AbortSignal): Promise<Node> {
  const { url, key, options } = to;
  const exists = async (node: Node): Promise<void> => {
    const client = createClient(to, node);
    const disconnect = await open([client], url, () => {}, signal);
    const giveUp = (): void => void disconnect();
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      await client.exists(key);
    } finally {
      signal.removeEventListener('abort', giveUp);
      await disconnect();
    }
  };
  try {
    return await ownerOf(nodeOf(url), exists, options.client?.natMap);
  } catch (error) {
    if (ConnectionError.isInstance(error)) throw error;
    throw connectionError(`cannot use ${url}`, error);
  }
}

/** Connects clients that belong together. Resolves to what closes them. */
async function open(
  clients: readonly Client[],
  url: BrokerUrl,
  onLost: (error: Error) => void,
  signal: AbortSignal,
): Promise<() => Promise<void>> {
  let isOpen = false;
  let failure: Error | undefined;
  const ends = clients.map((client) => new Promise<void>((resolve) => client.once('end', resolve)));
  const disconnect = async (): Promise<void> => {
    isOpen = false;
    for (const client of clients) endClient(client);
    await Promise.race([Promise.all(ends), sleep(PATIENCE, undefined, { ref: false })]);
  };
  const abandon = (): void => void disconnect();
  signal.addEventListener('abort', abandon, { once: true });
  for (const client of clients) {
    client.on('error', (error: Error) => {
      failure = plainError(error);
    });
    client.on('close', () => {
      if (!isOpen) return;
      abandon();
      const why = failure === undefined ? '' : `: ${failure.message}`;
      onLost(new ConnectionError(`the connection to ${url} was lost${why}`, { cause: failure }));
    });
  }
  try {
    await Promise.all(clients.map((client) => client.connect()));
    isOpen = true;
    return disconnect;
  } catch (error) {
    abandon();
    // ioredis says here only that the connection is closed; why was an event.
    throw connectionError(`cannot connect to ${url}`, failure ?? error);
  } finally {
    signal.removeEventListener('abort', abandon);
  }
}

function createClient({ url, options }: Destination, address: ClientOptions): Client {
  const client = new Redis({ ...connectionOptions(url, options), ...address });
  for (const [name, lua] of Object.entries(COMMANDS)) client.defineCommand(name, { lua });
  return client as unknown as Client;
}
