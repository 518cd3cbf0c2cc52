import { topicRegExp } from '@pool/transport';

/** What decides the names of keys; all of it must be the same for every worker and producer of a broker. */
export interface KeyOptions {
  /** Put before every key and channel, as kombu's `global_keyprefix`. With a hash tag (`{celery}`) it fits a cluster. */
  globalKeyPrefix: string;
  /** The levels that priorities 0 to 9 are mapped onto, ascending, the first one 0; 0 is served first. */
  prioritySteps: readonly number[];
  /** Between the parts of a list's key, and of a binding's entry. */
  sep: string;
  unackedKey: string;
  unackedIndexKey: string;
  unackedMutexKey: string;
  /** Put before the channels of fanout exchanges; `{db}` is the database's number. */
  fanoutPrefix: string;
}

/** The layout of a Redis broker, as kombu lays it out. */
export class Keys {
  /** Tag → `[envelope, exchange, routing key]` of every message that somebody holds. */
  readonly unacked: string;
  /** Tag → the time since when it is held, or was last renewed. */
  readonly unackedIndex: string;
  readonly unackedMutex: string;
  /** Holder → who that is; only ours: kombu knows no holders. */
  readonly holders: string;
  readonly steps: readonly number[];
  readonly #prefix: string;
  readonly #sep: string;
  readonly #fanoutPrefix: string;

  constructor(options: KeyOptions, db: number) {
    this.#prefix = options.globalKeyPrefix;
    this.#sep = options.sep;
    this.steps = options.prioritySteps;
    this.unacked = this.#prefix + options.unackedKey;
    this.unackedIndex = this.#prefix + options.unackedIndexKey;
    this.unackedMutex = this.#prefix + options.unackedMutexKey;
    this.holders = `${this.#prefix}_pool.holders`;
    this.#fanoutPrefix = this.#prefix + options.fanoutPrefix.replace('{db}', String(db));
  }

  /** The tags one of our transports holds. */
  held(holder: string): string {
    return `${this.#prefix}_pool.held.${holder}`;
  }

  /** The list of a queue's messages of one priority. */
  list(queue: string, priority: number): string {
    return this.#step(queue, stepOf(this.steps, priority));
  }

  /** All lists of a queue, the most urgent first. */
  lists(queue: string): string[] {
    return this.steps.map((step) => this.#step(queue, step));
  }

  /** The set of an exchange's bindings. */
  binding(exchange: string): string {
    return `${this.#prefix}_kombu.binding.${exchange}`;
  }

  /**
   * A binding's entry in the set of an exchange's bindings: routing key, pattern, queue. kombu's producers find the queues of
   * a topic exchange by the pattern; an empty one would match all there is, so an entry without is to go: it comes second.
   * @throws {TypeError} an entry could not be told apart again
   */
  bindingEntries(routingKey: string, queue: string, isTopic: boolean): [string, ...string[]] {
    for (const name of [routingKey, queue]) {
      if (name.includes(this.#sep))
        throw new TypeError(
          `${JSON.stringify(name)} contains sep, ${JSON.stringify(this.#sep)}: choose another`,
        );
    }
    const plain = [routingKey, '', queue].join(this.#sep);
    return isTopic ? [[routingKey, topicRegExp(routingKey), queue].join(this.#sep), plain] : [plain];
  }

  /** Reads an entry of the set of an exchange's bindings; undefined for what is none. */
  decodeBinding(entry: string): { routingKey: string; queue: string } | undefined {
    const [routingKey, , queue] = entry.split(this.#sep);
    return routingKey === undefined || queue === undefined || queue === ''
      ? undefined
      : { routingKey, queue };
  }

  /** The channel a fanout exchange publishes to. */
  channel(exchange: string, routingKey: string): string {
    return this.#fanoutPrefix + exchange + (routingKey === '' ? '' : `/${routingKey}`);
  }

  /** The pattern that hears what a fanout exchange publishes under a binding's key. */
  channelPattern(exchange: string, bindingKey: string): string {
    return this.channel(exchange, bindingKey.replaceAll('#', '*'));
  }

  /** The exchange and routing key of a fanout channel. */
  parseChannel(channel: string): { exchange: string; routingKey: string } {
    const name = channel.slice(this.#fanoutPrefix.length);
    const slash = name.indexOf('/');
    return slash < 0
      ? { exchange: name, routingKey: '' }
      : { exchange: name.slice(0, slash), routingKey: name.slice(slash + 1) };
  }

  #step(queue: string, step: number): string {
    return step === 0 ? this.#prefix + queue : `${this.#prefix}${queue}${this.#sep}${step}`;
  }
}

/** The largest step that is not above the priority. */
export function stepOf(steps: readonly number[], priority: number): number {
  let found = steps[0] ?? 0;
  for (const step of steps) if (step <= priority) found = step;
  return found;
}
