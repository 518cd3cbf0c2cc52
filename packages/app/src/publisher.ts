import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectionError, type Transport } from '@pool/transport';
import type { PublishRetryPolicy } from './app-options.js';
import type { OutgoingTask } from './outgoing.js';
import type { Queues, ResolvedQueue } from './queues.js';

const noExchange: ReadonlySet<string> = new Set(['']);

/**
 * Puts messages on the broker, having declared where they go. Once that is done for a queue a message is given to
 * the transport at once, so that all messages of a turn of the event loop travel together.
 */
export class Publisher {
  readonly #connected: () => Promise<Transport>;
  readonly #policy: Required<PublishRetryPolicy>;
  readonly #queues: Queues;
  readonly #declared = new Map<string, ResolvedQueue>();
  readonly #exchanges = new Set<string>();
  readonly #declaring = new Map<ResolvedQueue, Promise<void>>();
  #transport: Transport | undefined;

  constructor(connected: () => Promise<Transport>, queues: Queues, policy: PublishRetryPolicy = {}) {
    this.#connected = connected;
    this.#queues = queues;
    this.#policy = { maxRetries: 3, intervalStart: 0, intervalStep: 0.2, intervalMax: 1, ...policy };
  }

  /** Resolves when the broker has the message. */
  async publish(task: OutgoingTask): Promise<void> {
    const { maxRetries, intervalStart, intervalStep, intervalMax } = this.#policy;
    for (let attempt = 0; ; attempt++) {
      try {
        const transport = this.#transport ?? (await this.#connect());
        if (task.queue && this.#declared.get(task.queue.name) !== task.queue) await this.declare(task.queue);
        const { exchange } = task.destination;
        if (!task.queue && exchange) await this.#declareExchange(transport, exchange);
        return await transport.publish(task.message, task.destination);
      } catch (error) {
        if (!task.retry || attempt >= maxRetries || !ConnectionError.isInstance(error)) throw error;
        await sleep(Math.min(intervalStart + attempt * intervalStep, intervalMax) * 1000);
      }
    }
  }

  /** Declares a queue with its exchange and its binding, once. */
  async declare(queue: ResolvedQueue): Promise<void> {
    const transport = this.#transport ?? (await this.#connect());
    let declaring = this.#declaring.get(queue);
    if (!declaring) {
      declaring = declareQueue(transport, queue)
        .then(() => void this.#declared.set(queue.name, queue))
        .finally(() => this.#declaring.delete(queue));
      this.#declaring.set(queue, declaring);
    }
    await declaring;
  }

  /** One that no queue of ours is bound to is somebody else's, who has declared it. */
  async #declareExchange(transport: Transport, name: string): Promise<void> {
    const type = this.#exchanges.has(name) ? undefined : this.#queues.typeOfExchange(name);
    if (type === undefined) return;
    await transport.declareExchange({ name, type });
    this.#exchanges.add(name);
  }

  async #connect(): Promise<Transport> {
    this.#transport = await this.#connected();
    return this.#transport;
  }
}

async function declareQueue(transport: Transport, queue: ResolvedQueue): Promise<void> {
  const { exchange, exchangeType, routingKey, ...declaration } = queue;
  if (!noExchange.has(exchange)) await transport.declareExchange({ name: exchange, type: exchangeType });
  await transport.declareQueue(declaration);
  if (!noExchange.has(exchange)) await transport.bindQueue({ queue: queue.name, exchange, routingKey });
}
