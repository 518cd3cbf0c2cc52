import type { ExchangeType, QueueDeclaration } from '@pool/transport';
import { QueueNotFoundError } from './errors.js';

/** A queue of tasks and how messages get into it, as an entry of Celery's `task_queues`. */
export interface TaskQueue extends QueueDeclaration {
  /** @default the app's `taskDefaultExchange` */
  exchange?: string;
  /** @default 'direct' */
  exchangeType?: ExchangeType;
  /** What the queue is bound with. @default the queue's name; nothing for a fanout exchange, which means all of it */
  routingKey?: string;
}

/** {@link TaskQueue} with its exchange and routing key filled in. */
export interface ResolvedQueue extends QueueDeclaration {
  readonly exchange: string;
  readonly exchangeType: ExchangeType;
  readonly routingKey: string;
}

export interface QueuesOptions {
  readonly queues: readonly (TaskQueue | string)[];
  readonly defaultQueue: string;
  readonly defaultExchange: string;
  readonly defaultExchangeType: ExchangeType;
  readonly defaultRoutingKey: string;
  readonly createMissing: boolean;
  /** `maxPriority` of queues that do not say. */
  readonly maxPriority: number | undefined;
}

/** The queues an app knows, by name. Queues that are asked for and missing come into being, as in Celery. */
export class Queues {
  readonly #options: QueuesOptions;
  readonly #queues = new Map<string, ResolvedQueue>();

  constructor(options: QueuesOptions) {
    this.#options = options;
    for (const queue of options.queues) this.add(queue);
    // Without queues of its own an app has one, on the exchange the defaults name.
    if (this.#queues.size === 0) {
      const { defaultQueue, defaultExchange, defaultExchangeType, defaultRoutingKey } = options;
      this.add({
        name: defaultQueue,
        exchange: defaultExchange,
        exchangeType: defaultExchangeType,
        routingKey: defaultRoutingKey,
      });
    }
  }

  /** The names, in the order they were added. */
  get names(): string[] {
    return [...this.#queues.keys()];
  }

  /** Adds a queue or replaces the one of its name. */
  add(queue: TaskQueue | string): ResolvedQueue {
    const { exchange, exchangeType, routingKey, ...declaration } =
      typeof queue === 'string' ? { name: queue } : queue;
    const { defaultExchange, defaultExchangeType, maxPriority } = this.#options;
    const type = exchangeType ?? (exchange ? 'direct' : defaultExchangeType);
    const resolved: ResolvedQueue = {
      ...(maxPriority === undefined ? {} : { maxPriority }),
      ...declaration,
      exchange: exchange || defaultExchange,
      exchangeType: type,
      // On Redis a fanout delivers by key, as in kombu.
      routingKey: routingKey || (type === 'fanout' ? '' : declaration.name),
    };
    this.#queues.set(resolved.name, resolved);
    return resolved;
  }

  /** The type of an exchange that some queue is bound to; undefined for others. */
  typeOfExchange(name: string): ExchangeType | undefined {
    for (const { exchange, exchangeType } of this.#queues.values())
      if (exchange === name) return exchangeType;
    return undefined;
  }

  has(name: string): boolean {
    return this.#queues.has(name);
  }

  /**
   * The queue of that name. A missing one gets an exchange of its own name, as in Celery.
   * @throws {QueueNotFoundError} it is missing and may not be created
   */
  get(name: string): ResolvedQueue {
    const known = this.#queues.get(name);
    if (known) return known;
    if (!this.#options.createMissing) throw new QueueNotFoundError(name);
    return this.add({ name, exchange: name, routingKey: name });
  }
}
