import { randomUUID } from 'node:crypto';
import type { MessageLimits } from '@pool/message';
import { matchesTopic, type StoredBinding } from '@pool/transport';
import { type GoneHolder, goneHolders, markGone } from './holders.js';
import type { Keys } from './keys.js';
import type { Client } from './redis-clients.js';
import type { Move, Unacked } from './unacked.js';
import { marked, parseUnacked, priorityAndCount } from './unacked-entry.js';

/**
 * The longest a restorer keeps others out, in seconds. It spares them the work, nothing depends on it, so it is shorter
 * than kombu's 300: a restorer that dies in its look must not keep the others from theirs.
 */
const MUTEX_SECONDS = 15;
/** How many messages one look restores from each source; the next look takes the rest. */
const LIMIT = 1000;

/** What a restorer needs to know. */
export interface RestorerOptions {
  readonly visibilityTimeout: number;
  readonly goneAfter: number;
  /** From when on the silence of others counts, in seconds since the epoch. */
  readonly since: number;
  readonly limits: Readonly<MessageLimits>;
  /** Our own id as a holder. */
  readonly self: string;
  bindingsOf(exchange: string): Promise<readonly StoredBinding[]>;
}

/** Puts back what the dead held: our own as soon as they are seen to be gone, anybody's after the visibility timeout. */
export class Restorer {
  readonly #client: Client;
  readonly #keys: Keys;
  readonly #unacked: Unacked;
  readonly #options: RestorerOptions;
  #strays: ReadonlySet<string> = new Set();

  constructor(client: Client, keys: Keys, unacked: Unacked, options: RestorerOptions) {
    this.#client = client;
    this.#keys = keys;
    this.#unacked = unacked;
    this.#options = options;
  }

  /** One look; resolves to the number of messages put back. */
  async restore(): Promise<number> {
    let restored = 0;
    const now = Date.now() / 1000;
    const { goneAfter, since } = this.#options;
    for (const holder of await goneHolders(this.#client, this.#keys, now, goneAfter, since)) {
      if (holder.id !== this.#options.self) restored += await this.#restoreGone(holder);
    }
    return restored + (await this.#restoreExpired());
  }

  /**
   * Puts back what the server thinks we hold and we know nothing of: it was taken and the answer got lost. `known` gives
   * the tags that are held, or settled and about to be told. What is unknown in two looks is a stray: all that was under
   * way in the first has arrived by the second.
   */
  async restoreStrays(known: () => ReadonlySet<string>): Promise<number> {
    const tags = await this.#unacked.tags();
    const ours = known();
    const unknown = tags.filter((tag) => !ours.has(tag));
    const strays = unknown.filter((tag) => this.#strays.has(tag));
    this.#strays = new Set(unknown);
    let restored = 0;
    for (let i = 0; i < strays.length; i += LIMIT) {
      restored += await this.#putBack(strays.slice(i, i + LIMIT), this.#keys.held(this.#options.self));
    }
    return restored;
  }

  /** Only one marks a holder as gone, and it is spared if it comes back meanwhile; then anybody may go on. */
  async #restoreGone({ id, record }: GoneHolder): Promise<number> {
    const { holders } = this.#keys;
    const gone = markGone(record);
    if (gone !== record && (await this.#client.poolSwap(1, holders, id, record, gone)) === 0) return 0;
    const held = this.#keys.held(id);
    const [, tags] = await this.#client.sscan(held, 0, 'COUNT', LIMIT);
    const restored = await this.#putBack(tags.slice(0, LIMIT), held);
    if ((await this.#client.scard(held)) === 0) await this.#client.poolSwap(1, holders, id, gone, '');
    return restored;
  }

  /** Only one looks at a time, kombu's workers included. */
  async #restoreExpired(): Promise<number> {
    const token = randomUUID();
    const { unackedMutex, unackedIndex } = this.#keys;
    if ((await this.#client.poolLock(2, unackedMutex, unackedIndex, token, MUTEX_SECONDS * 1000)) === 0)
      return 0;
    try {
      const before = Date.now() / 1000 - this.#options.visibilityTimeout;
      const tags = await this.#client.zrevrangebyscore(unackedIndex, before, 0, 'LIMIT', 0, LIMIT);
      return await this.#putBack(tags);
    } finally {
      await this.#client.poolUnlock(1, unackedMutex, token);
    }
  }

  async #putBack(tags: readonly string[], held?: string): Promise<number> {
    if (tags.length === 0) return 0;
    const entries = await this.#client.hmget(this.#keys.unacked, ...tags);
    const { limits } = this.#options;
    const moves: Move[] = [];
    const orphans: string[] = [];
    for (const [i, tag] of tags.entries()) {
      const text = entries[i];
      const entry = typeof text === 'string' ? parseUnacked(text) : undefined;
      if (entry === undefined) {
        orphans.push(tag);
        continue;
      }
      const queue = await this.#queueOf(entry);
      const { priority, deliveryCount } = priorityAndCount(entry.envelope, limits);
      const list = this.#keys.list(queue, priority);
      moves.push({ tag, end: 'RPUSH', list, envelope: marked(entry.envelope, deliveryCount + 1, limits) });
    }
    if (orphans.length > 0) await this.#forgetOrphans(orphans, held);
    if (moves.length === 0) return 0;
    const gone = await this.#unacked.move(moves, held === undefined ? {} : { held });
    return moves.length - gone.length;
  }

  /** Tags without a message: whoever held it settled it after all. */
  async #forgetOrphans(tags: readonly string[], held: string | undefined): Promise<void> {
    const transaction = this.#client.multi().zrem(this.#keys.unackedIndex, ...tags);
    if (held !== undefined) transaction.srem(held, ...tags);
    await transaction.exec();
  }

  /** The queue a message came through; the first if its exchange, of which only Python's entries tell, leads to several. */
  async #queueOf({ exchange, routingKey }: { exchange: string; routingKey: string }): Promise<string> {
    if (exchange === '') return routingKey;
    const bindings = await this.#options.bindingsOf(exchange);
    const found =
      bindings.find((binding) => binding.routingKey === routingKey) ??
      bindings.find((binding) => matchesTopic(binding.routingKey, routingKey)) ??
      bindings[0];
    return found?.queue ?? routingKey;
  }
}
