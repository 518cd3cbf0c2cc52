import type { MessageLimits } from '@pool/message';
import type { Delivery, SettlementBatch } from '@pool/transport';
import { type Holder, isIntact } from './holders.js';
import type { Keys } from './keys.js';
import type { Client } from './redis-clients.js';
import { marked } from './unacked-entry.js';
import type { WakeUp } from './wake-up.js';

/** How many tags one script call handles; Lua unpacks a few thousand arguments at the most. */
export const CHUNK = 1000;

/** A message on its way from `unacked` into a list. */
export interface Move {
  tag: string | number;
  /** `LPUSH` is served last, `RPUSH` next. */
  end: 'LPUSH' | 'RPUSH';
  list: string;
  envelope: string;
}

/** What a take brought, flat: the queue's place, tag and envelope of each message. */
export interface Taken {
  readonly flat: (string | number)[];
  /** What the server says, if it is without memory. It gives messages all the same. */
  readonly refusal: string | undefined;
  /** It was all there was, and whatever comes next wakes. */
  readonly armed: boolean;
  /** The server did not know us any more: it lost what it had. */
  readonly forgotten: boolean;
}

/** What a renewal found. */
export interface Renewed {
  readonly gone: readonly Delivery[];
  readonly refusal: string | undefined;
  /** The server did not know us any more: it lost what it had. */
  readonly forgotten: boolean;
}

/** What the server knew of a holder that is back. */
export interface Recalled {
  /** Nobody took it for gone: what is not among its tags any more it had settled itself. */
  readonly intact: boolean;
  readonly tags: ReadonlySet<string>;
}

/** The tables of what is held, by us among others, on one connection. Every change of them is one script. */
export class Unacked {
  readonly #client: Client;
  readonly #keys: Keys;
  readonly #holder: Holder;
  readonly #held: string;
  readonly #wakeUp: WakeUp;
  readonly #limits: Readonly<MessageLimits>;
  /** The last take found all there was: so may the next, after which nothing is left but to sleep. */
  #nearEnd = true;

  constructor(client: Client, keys: Keys, holder: Holder, wakeUp: WakeUp, limits: Readonly<MessageLimits>) {
    this.#client = client;
    this.#wakeUp = wakeUp;
    this.#limits = limits;
    this.#keys = keys;
    this.#holder = holder;
    this.#held = keys.held(holder.id);
  }

  /** Says that this holder is here, or here again. Needs a server that can be written to. */
  async join(): Promise<Recalled> {
    const { id, confirmedAt } = this.#holder;
    const now = Date.now() / 1000;
    const known = this.#holder.describe(now);
    const [before, tags] = await this.#client.poolJoin(2, this.#keys.holders, this.#held, id, known);
    this.#holder.confirmedAt = now;
    return { intact: isIntact(before, confirmedAt), tags: new Set(tags) };
  }

  /** Says that this holder is gone for good. */
  async leave(): Promise<void> {
    await this.#client.multi().hdel(this.#keys.holders, this.#holder.id).del(this.#held).exec();
  }

  /** The tags that the server records as held by us. */
  tags(): Promise<string[]> {
    return this.#client.smembers(this.#held);
  }

  async take(queues: readonly string[], max: number): Promise<Taken> {
    const { unacked, unackedIndex, holders, steps } = this.#keys;
    const lists = queues.map((queue) => this.#keys.lists(queue));
    const byPriority = steps.flatMap((_, step) => lists.map((list) => list[step] as string));
    const now = Date.now() / 1000;
    const { id } = this.#holder;
    const rest = [
      4 + byPriority.length,
      unacked,
      unackedIndex,
      holders,
      this.#held,
      ...byPriority,
      max,
      now,
      id,
      this.#holder.describe(now),
      ...queues.map((queue) => JSON.stringify(queue)),
    ] as const;
    let flat: (string | number)[];
    let armed = false;
    if (this.#nearEnd && this.#wakeUp.tracking) {
      const { taken, count } = await this.#wakeUp.takeAndArm(rest, byPriority);
      flat = taken;
      armed = count === 0;
    } else {
      flat = await this.#client.poolTake(...rest);
    }
    this.#holder.confirmedAt = now;
    const extra = flat.length % 3 === 1 ? flat.pop() : undefined;
    const refusal = typeof extra === 'string' ? extra : undefined;
    this.#nearEnd = flat.length < max * 3;
    return { flat, refusal, armed, forgotten: extra === 1 };
  }

  /** Carries out settlements. Resolves to those that had been taken back. */
  async settle(batch: SettlementBatch): Promise<readonly Delivery[]> {
    const forgotten = [...batch.acked, ...batch.rejected].filter(isHeld);
    const requeued = batch.requeued.filter(isHeld);
    // Each is next when it is back, so the first to be taken again comes back last.
    const back = [...requeued, ...batch.released.filter(isHeld).reverse()];
    const moves = back.map((delivery, i) => this.#moveBack(delivery, i < requeued.length));
    const gone = await Promise.all([
      ...inChunks(forgotten, (chunk) => this.#forget(chunk)),
      ...inChunks(moves, (chunk) => this.move(chunk)),
    ]);
    const deliveries = [...forgotten, ...back];
    // Both come in chunks of their own, each with places that count from its own beginning.
    const offsets = [...offsetsOf(forgotten.length, 0), ...offsetsOf(back.length, forgotten.length)];
    return gone.flatMap((places, i) =>
      places.map((place) => deliveries[(offsets[i] as number) + place - 1] as Delivery),
    );
  }

  /** Renews what is held, and says that this holder is alive. */
  async renew(held: ReadonlySet<Delivery>): Promise<Renewed> {
    const { unackedIndex, holders } = this.#keys;
    const now = Date.now() / 1000;
    const known = this.#holder.describe(now);
    const deliveries = [...held].filter(isHeld);
    const gone: Delivery[] = [];
    let refusal: string | undefined;
    let forgotten = false;
    for (let i = 0; i < Math.max(1, deliveries.length); i += CHUNK) {
      const chunk = deliveries.slice(i, i + CHUNK);
      const tags = chunk.map(({ tag }) => tag);
      const said = await this.#client.poolRenew(
        2,
        unackedIndex,
        holders,
        now,
        this.#holder.id,
        known,
        ...tags,
      );
      if (said.shift() === 0) forgotten = true;
      if (typeof said.at(-1) === 'string') refusal = String(said.pop());
      gone.push(...said.map((place) => chunk[Number(place) - 1] as Delivery));
    }
    this.#holder.confirmedAt = now;
    return { gone, refusal, forgotten };
  }

  /** Moves messages that are held, by us or by the holder with this set of tags. Resolves to the places of those gone. */
  move(moves: readonly Move[], options: { held?: string; maxLength?: number } = {}): Promise<number[]> {
    const { held = this.#held, maxLength = 0 } = options;
    return this.#client.poolMove(
      3 + moves.length,
      this.#keys.unacked,
      this.#keys.unackedIndex,
      held,
      ...moves.map(({ list }) => list),
      maxLength,
      ...moves.flatMap(({ tag, end, envelope }) => [tag, end, envelope]),
    );
  }

  #forget(deliveries: readonly Delivery[]): Promise<number[]> {
    const { unacked, unackedIndex } = this.#keys;
    return this.#client.poolForget(3, unacked, unackedIndex, this.#held, ...deliveries.map(({ tag }) => tag));
  }

  /** What was seen is marked and waits its turn; what nobody saw is next again. */
  #moveBack(delivery: Delivery, seen: boolean): Move {
    const { tag, queue, deliveryCount = 0, message } = delivery;
    const envelope = delivery.handle as string;
    return {
      tag,
      end: seen ? 'LPUSH' : 'RPUSH',
      list: this.#keys.list(queue, message.properties.priority ?? 0),
      envelope: seen ? marked(envelope, deliveryCount + 1, this.#limits) : envelope,
    };
  }
}

/** Broadcasts are not recorded as held; nothing has to be settled for them. */
export function isHeld(delivery: Delivery): boolean {
  return delivery.handle !== undefined;
}

function inChunks<T, R>(all: readonly T[], send: (chunk: readonly T[]) => R): R[] {
  return offsetsOf(all.length, 0).map((at) => send(all.slice(at, at + CHUNK)));
}

function offsetsOf(count: number, first: number): number[] {
  return Array.from({ length: Math.ceil(count / CHUNK) }, (_, i) => first + i * CHUNK);
}
