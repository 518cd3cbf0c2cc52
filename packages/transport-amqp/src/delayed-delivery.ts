import type { Channel } from 'amqplib';
import type { AdminChannel } from './admin-channel.js';
import { declarationError } from './declarations.js';

/** 2^28 seconds are eight and a half years. */
const LEVELS = 28;
/** The longest delay that can be told, in seconds. */
export const MAX_DELAY: number = 2 ** LEVELS - 1;

const FINAL = 'celery_delayed_delivery';
const level = (n: number): string => `celery_delayed_${n}`;

/**
 * Celery's native delayed delivery: a message goes down a ladder of queues, one for each bit of its delay, that hold it
 * for 2^n seconds each; the broker holds it, no worker does. The bits lead its routing key.
 */
export class DelayedDelivery {
  readonly #admin: AdminChannel;
  readonly #queueType: 'classic' | 'quorum';
  /** The queues that delayed messages went to. */
  readonly #used = new Set<string>();
  /** The bindings that are being made. */
  readonly #binding = new Map<string, Promise<void>>();
  #ladder: Promise<void> | undefined;

  constructor(admin: AdminChannel, queueType: 'classic' | 'quorum') {
    this.#admin = admin;
    this.#queueType = queueType;
  }

  /** Where to publish a message that is to reach `queue` after `seconds`, rounded up. */
  async route(queue: string, seconds: number): Promise<{ exchange: string; routingKey: string }> {
    await this.#ladderMade();
    await this.#bind(queue);
    const delay = Math.min(MAX_DELAY, Math.max(1, Math.ceil(seconds)));
    const bits = delay.toString(2).padStart(LEVELS, '0');
    const first = LEVELS - 1 - bits.indexOf('1');
    return { exchange: level(first), routingKey: `${[...bits].join('.')}.${queue}` };
  }

  /**
   * Lets what Celery (5.5 and later) publishes with a delay to an exchange reach a queue of it, as Celery's
   * `bind_queue_to_native_delayed_delivery_exchange` does. Not for direct exchanges: they cannot match the bits.
   */
  async bindExchange(queue: string, exchange: string, routingKey: string): Promise<void> {
    await this.#ladderMade();
    const pattern = routingKey.startsWith('#') ? routingKey : `#.${routingKey}`;
    await this.#admin.run(async (channel) => {
      await channel.bindExchange(exchange, FINAL, pattern);
      await channel.bindQueue(queue, exchange, pattern);
    });
  }

  /**
   * Binds a queue for each message anew, one request for all that come at once: others may have deleted the queue and made
   * it again since, and what the ladder brings to a queue that is not bound is dropped. The bits are counted, so that
   * what goes to `a.b` does not reach `b` as well.
   */
  #bind(queue: string): Promise<void> {
    const running = this.#binding.get(queue);
    if (running !== undefined) return running;
    const routingKey = `${'*.'.repeat(LEVELS)}${queue}`;
    const binding = this.#run(`queue ${queue}`, { routingKey }, async (channel) => {
      await channel.bindQueue(queue, FINAL, routingKey);
      this.#used.add(queue);
    }).finally(() => this.#binding.delete(queue));
    this.#binding.set(queue, binding);
    return binding;
  }

  /** A queue is declared, perhaps after it was deleted: what waits for it must find it again. */
  async declared(queue: string): Promise<void> {
    if (this.#used.has(queue)) await this.#bind(queue);
  }

  /** A queue is deleted here, and what waits for it is to be dropped. */
  deleted(queue: string): void {
    this.#used.delete(queue);
  }

  async #run<T>(what: string, wanted: unknown, call: (channel: Channel) => Promise<T>): Promise<T> {
    try {
      return await this.#admin.run(call);
    } catch (error) {
      throw declarationError(what, wanted, error);
    }
  }

  #ladderMade(): Promise<void> {
    this.#ladder ??= this.#makeLadder().catch((error: unknown) => {
      this.#ladder = undefined;
      throw error;
    });
    return this.#ladder;
  }

  async #makeLadder(): Promise<void> {
    await this.#admin.run((channel) => channel.assertExchange(FINAL, 'topic', { durable: true }));
    for (let n = 0; n < LEVELS; n++) await this.#makeLevel(n);
  }

  async #makeLevel(n: number): Promise<void> {
    const name = level(n);
    const next = n === 0 ? FINAL : level(n - 1);
    const options = {
      durable: true,
      arguments: {
        'x-queue-type': this.#queueType,
        'x-overflow': 'reject-publish',
        'x-message-ttl': 2 ** n * 1000,
        'x-dead-letter-exchange': next,
        ...(this.#queueType === 'quorum' ? { 'x-dead-letter-strategy': 'at-least-once' } : {}),
      },
    };
    const before = '*.'.repeat(LEVELS - 1 - n);
    await this.#run(
      `queue ${name} for delayed messages (see the option delayQueueType)`,
      options,
      async (channel) => {
        await channel.assertExchange(name, 'topic', { durable: true });
        await channel.assertQueue(name, options);
        await channel.bindQueue(name, name, `${before}1.#`);
        await channel.bindExchange(next, name, `${before}0.#`);
      },
    );
  }
}
