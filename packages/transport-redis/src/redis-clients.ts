import { setTimeout as sleep } from 'node:timers/promises';
import { type BrokerUrl, ConnectionError } from '@pool/transport';
import { Cluster, Redis } from 'ioredis';
import { addressOf, connectionOptions, nodeOf } from './connection-options.js';
import type { ResolvedRedisOptions } from './redis-options.js';
import * as scripts from './scripts.js';
import { plainError } from './server-errors.js';

/** How long a connection may take to end, in milliseconds. */
const PATIENCE = 2000;

type Keys = readonly string[];
type Numbers = Promise<number>;

/** A connection with our scripts as commands. */
export type Client = (Redis | Cluster) & {
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

/** Opens both connections; `onLost` is called once when either is lost after that. */
export async function openClients(
  url: BrokerUrl,
  urls: readonly BrokerUrl[],
  options: ResolvedRedisOptions,
  onLost: (error: Error) => void,
  signal: AbortSignal,
): Promise<Clients> {
  const commands = createClient(url, urls, options);
  const listener = createClient(url, urls, options);
  const both = [commands, listener];
  let open = false;
  let failure: Error | undefined;
  // A cluster that gives up, or is given up, while it connects tells only by its end.
  const ends = both.map((client) => new Promise<void>((resolve) => client.once('end', resolve)));
  const anyEnd = Promise.race(ends).then(() => Promise.reject(new Error('it ended the connection')));
  anyEnd.catch(() => {});
  const disconnect = async (): Promise<void> => {
    open = false;
    for (const client of both) {
      // A TLS handshake that is broken off can still be answered by an alert, when nobody else listens any more.
      for (const { stream } of nodesOf(client)) stream?.on('error', () => {});
      client.disconnect();
    }
    await Promise.race([Promise.all(ends), sleep(PATIENCE, undefined, { ref: false })]);
  };
  const abandon = (): void => void disconnect();
  signal.addEventListener('abort', abandon, { once: true });
  for (const client of both) {
    client.on('error', (error: Error) => {
      failure = plainError(error);
    });
    client.on('close', () => {
      if (!open) return;
      abandon();
      const why = failure === undefined ? '' : `: ${failure.message}`;
      onLost(new ConnectionError(`the connection to ${url} was lost${why}`, { cause: failure }));
    });
  }
  try {
    await Promise.race([Promise.all(both.map((client) => client.connect())), anyEnd]);
    open = true;
    return { commands, listener, disconnect };
  } catch (error) {
    abandon();
    // ioredis says here only that the connection is closed; why was an event.
    const cause = failure ?? plainError(error);
    throw new ConnectionError(`cannot connect to ${url}: ${cause.message}${hintFor(cause)}`, { cause });
  } finally {
    signal.removeEventListener('abort', abandon);
  }
}

function nodesOf(client: Client): { stream?: NodeJS.EventEmitter }[] {
  return (client instanceof Cluster ? client.nodes() : [client]) as unknown as {
    stream?: NodeJS.EventEmitter;
  }[];
}

/** What to do about it, where that is not obvious. */
function hintFor(error: NodeJS.ErrnoException): string {
  const { code = '' } = error;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return '; the certificate is for another host';
  if (/CERT|SIGNATURE|^SELF_SIGNED/.test(code))
    return '; trust the issuer of its certificate with the option tls: { ca }, or ssl_ca_certs in the URL';
  return '';
}

function createClient(url: BrokerUrl, urls: readonly BrokerUrl[], options: ResolvedRedisOptions): Client {
  const common = connectionOptions(url, options);
  const client = options.cluster
    ? new Cluster(urls.map(nodeOf), {
        ...options.client,
        lazyConnect: true,
        clusterRetryStrategy: () => null,
        enableOfflineQueue: false,
        redisOptions: common,
      })
    : new Redis({ ...common, ...addressOf(url, urls, options) });
  for (const [name, lua] of Object.entries(COMMANDS)) client.defineCommand(name, { lua });
  return client as unknown as Client;
}
