import { assertDatabase } from '@pool/redis';
import { type BrokerUrl, ConnectionError } from '@pool/transport';
import { databaseOf } from './connection-options.js';
import { watchFailover } from './failover-watch.js';
import { watchHealth } from './health-check.js';
import type { Holder } from './holders.js';
import { Keys } from './keys.js';
import { Publisher } from './publisher.js';
import { type Client, type Clients, openClients } from './redis-clients.js';
import type { ResolvedRedisOptions } from './redis-options.js';
import { connectionError, isForbidden, MissingRightsError, reasonOf } from './server-errors.js';
import { type Recalled, Unacked } from './unacked.js';
import { WakeUp } from './wake-up.js';

/** What a connection tells its transport. */
export interface ConnectionEvents {
  onLost(error: Error): void;
  onWake(): void;
}

/** One connection to a server that can be worked with, and what is done over it. */
export class RedisConnection {
  readonly keys: Keys;
  readonly unacked: Unacked;
  readonly publisher: Publisher;
  readonly wakeUp: WakeUp;
  readonly #clients: Clients;
  #stopWatching: () => void = () => {};

  private constructor(
    url: BrokerUrl,
    keys: Keys,
    clients: Clients,
    holder: Holder,
    { limits }: ResolvedRedisOptions,
  ) {
    this.#clients = clients;
    this.keys = keys;
    this.wakeUp = new WakeUp(clients);
    this.unacked = new Unacked(clients.commands, keys, holder, this.wakeUp, limits);
    this.publisher = new Publisher(clients.commands, keys, url);
  }

  /**
   * Connects, and proves that the server can be written to and lets this user do all that is needed.
   * @throws {ConnectionError}
   */
  static async open(
    url: BrokerUrl,
    urls: readonly BrokerUrl[],
    options: ResolvedRedisOptions,
    holder: Holder,
    events: ConnectionEvents,
    signal: AbortSignal,
  ): Promise<[connection: RedisConnection, recalled: Recalled]> {
    const keys = new Keys(options, databaseOf(url));
    const to = { url, urls, options, key: keys.unacked };
    const clients = await openClients(to, (error) => events.onLost(error), signal);
    const connection = new RedisConnection(url, keys, clients, holder, options);
    const giveUp = (): void => void clients.disconnect();
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      signal.throwIfAborted();
      await assertDatabase(clients.commands);
      await introduce(clients.commands, holder);
      await assertAllowed(clients.commands, keys, holder);
      const recalled = await connection.unacked.join();
      await connection.wakeUp.start(() => events.onWake());
      const onLost = (error: Error): void =>
        events.onLost(new ConnectionError(`the connection to ${url} was lost: ${error.message}`));
      const stops = [watchHealth(clients, options.healthCheckInterval, onLost)];
      if (url.scheme === 'sentinel') stops.push(watchFailover(clients.commands, urls, options, onLost));
      connection.#stopWatching = () => {
        for (const stop of stops) stop();
      };
      return [connection, recalled];
    } catch (error) {
      await connection.close();
      throw connectionError(`cannot use ${url}`, error);
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  get client(): Client {
    return this.#clients.commands;
  }

  get listener(): Client {
    return this.#clients.listener;
  }

  /** Resolves when nothing that was under way can be answered any more. */
  async close(): Promise<void> {
    this.#stopWatching();
    await this.#clients.disconnect();
  }
}

/** Gives the connection the name by which others see that its holder is there. */
async function introduce(client: Client, holder: Holder): Promise<void> {
  try {
    await client.call('CLIENT', 'SETNAME', holder.clientName);
    holder.named = true;
  } catch (error) {
    if (!isForbidden(error)) throw error;
    holder.named = false;
  }
}

async function assertAllowed(client: Client, keys: Keys, holder: Holder): Promise<void> {
  const { unacked, unackedIndex, unackedMutex, holders } = keys;
  const needed = [unacked, unackedIndex, unackedMutex, holders, keys.held(holder.id), keys.binding('')];
  let forbidden: readonly string[];
  try {
    forbidden = await client.poolProbe(1 + needed.length, `${keys.held(holder.id)}.probe`, ...needed);
  } catch (error) {
    if (!isForbidden(error) || !reasonOf(error).includes('keys')) throw error;
    throw new MissingRightsError(`${reasonOf(error)}; it needs ${needed.map((key) => `${key}*`).join(', ')}`);
  }
  if (forbidden.length > 0)
    throw new MissingRightsError(`its user may not run ${forbidden.join(', ')} (see ACL SETUSER)`);
}
