import { randomUUID } from 'node:crypto';
import type { StoredBinding } from '@pool/transport';
import { markRedelivered, parseUnacked } from './envelope-edit.js';
import { goneHolders } from './holders.js';
import type { Keys } from './keys.js';
import type { Client } from './redis-clients.js';
import type { ResolvedRedisOptions } from './redis-options.js';

/** The longest a restorer keeps others out, in seconds: kombu's `unacked_mutex_expire`. */
const MUTEX_SECONDS = 300;
/** How many messages one look restores from each source; the next look takes the rest. */
const LIMIT = 1000;

/** Puts back what the dead held: our own as soon as they are seen to be gone, anybody's after the visibility timeout. */
export class Restorer {
  readonly #client: Client;
  readonly #keys: Keys;
  readonly #options: ResolvedRedisOptions;
  readonly #self: string;

  constructor(client: Client, keys: Keys, options: ResolvedRedisOptions, self: string) {
    this.#client = client;
    this.#keys = keys;
    this.#options = options;
    this.#self = self;
  }

  /** One look; resolves to the number of messages put back. Only one worker looks at a time, kombu's included. */
  async restore(bindingsOf: (exchange: string) => Promise<readonly StoredBinding[]>): Promise<number> {
    const token = randomUUID();
    const { unackedMutex } = this.#keys;
    if ((await this.#client.set(unackedMutex, token, 'PX', MUTEX_SECONDS * 1000, 'NX')) === null) return 0;
    try {
      return (await this.#restoreGone(bindingsOf)) + (await this.#restoreExpired(bindingsOf));
    } finally {
      await this.#client.poolUnlock(1, unackedMutex, token);
    }
  }

  async #restoreGone(bindingsOf: (exchange: string) => Promise<readonly StoredBinding[]>): Promise<number> {
    let restored = 0;
    const now = Date.now() / 1000;
    for (const holder of await goneHolders(this.#client, this.#keys, now, this.#options.goneAfter)) {
      if (holder === this.#self) continue;
      const held = this.#keys.held(holder);
      const [, tags] = await this.#client.sscan(held, 0, 'COUNT', LIMIT);
      restored += await this.#putBack(tags, held, bindingsOf);
      if ((await this.#client.scard(held)) === 0) await this.#client.hdel(this.#keys.holders, holder);
    }
    return restored;
  }

  async #restoreExpired(
    bindingsOf: (exchange: string) => Promise<readonly StoredBinding[]>,
  ): Promise<number> {
    const before = Date.now() / 1000 - this.#options.visibilityTimeout;
    const tags = await this.#client.zrevrangebyscore(this.#keys.unackedIndex, before, 0, 'LIMIT', 0, LIMIT);
    return this.#putBack(tags, this.#keys.held(this.#self), bindingsOf);
  }

  async #putBack(
    tags: readonly string[],
    held: string,
    bindingsOf: (exchange: string) => Promise<readonly StoredBinding[]>,
  ): Promise<number> {
    if (tags.length === 0) return 0;
    const { unacked, unackedIndex } = this.#keys;
    const entries = await this.#client.hmget(unacked, ...tags);
    const lists: string[] = [];
    const moves: string[] = [];
    const orphans: string[] = [];
    for (const [i, tag] of tags.entries()) {
      const text = entries[i];
      const entry = typeof text === 'string' ? parseUnacked(text) : undefined;
      if (entry === undefined) {
        orphans.push(tag);
        continue;
      }
      const queue = entry.exchange === '' ? entry.routingKey : await queueOf(entry, bindingsOf);
      if (queue === undefined) continue;
      lists.push(this.#keys.list(queue, entry.priority));
      moves.push(tag, 'RPUSH', markRedelivered(entry.envelope, entry.deliveryCount + 1));
    }
    if (orphans.length > 0) {
      await this.#client
        .multi()
        .zrem(unackedIndex, ...orphans)
        .srem(held, ...orphans)
        .exec();
    }
    if (lists.length === 0) return 0;
    const gone = await this.#client.poolMove(
      3 + lists.length,
      unacked,
      unackedIndex,
      held,
      ...lists,
      0,
      ...moves,
    );
    return lists.length - gone.length;
  }
}

/** The queue a message that Python held came through; the first if its exchange leads to several. */
async function queueOf(
  entry: { exchange: string; routingKey: string },
  bindingsOf: (exchange: string) => Promise<readonly StoredBinding[]>,
): Promise<string | undefined> {
  const bindings = await bindingsOf(entry.exchange);
  const exact = bindings.find(({ routingKey }) => routingKey === entry.routingKey);
  return (exact ?? bindings[0])?.queue;
}
