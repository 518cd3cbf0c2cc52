import { randomUUID } from 'node:crypto';
import { checkPrefetch } from '../checks.js';
import type { Consumer, ProveOptions } from '../consumer.js';
import type { Delivery } from '../delivery.js';
import { ConsumerStalledError } from '../errors.js';
import type { ResolvedConsumeOptions } from '../transport-options.js';
import type { TakeRequest } from './virtual-types.js';

/** What a consumer needs of its transport. */
export interface ConsumerPort {
  /** Whether there is a connection to take from. */
  readonly connected: boolean;
  readonly maxBatch: number;
  /** Resolves to what was there, or to `undefined` if the broker failed. Does not reject. */
  take(request: TakeRequest, noAck: boolean): Promise<Delivery[] | undefined>;
  /** Arms whatever wakes an idle consumer; true if there may be messages already. Does not reject. */
  arm(queues: readonly string[]): Promise<boolean>;
  /** Gives back what the consumer never saw. */
  release(deliveries: readonly Delivery[]): void;
  /** Acks what a `noAck` consumer is being given. */
  forget(deliveries: readonly Delivery[]): void;
  /** A round trip to the broker that asks about these queues. */
  probe(queues: readonly string[]): Promise<void>;
  begin(queue: string): Promise<void>;
  end(queue: string): Promise<void>;
  ended(consumer: VirtualConsumer): void;
}

/** One loop that takes what is there, as much as may be held, and sleeps when there is nothing. */
export class VirtualConsumer implements Consumer {
  readonly tag: string = `ctag.${randomUUID()}`;
  readonly onCancelled: ((queue: string) => void) | undefined;
  readonly #port: ConsumerPort;
  readonly #noAck: boolean;
  readonly #onDeliveries: (deliveries: Delivery[]) => void;
  readonly #abort = new AbortController();
  #queues: string[];
  #turn = 0;
  #prefetch: number;
  #unacked = 0;
  #paused = false;
  #cancelling: Promise<void> | undefined;
  #lastPollAt = 0;
  #polls: { resolve: () => void; reject: (error: Error) => void }[] = [];
  #woken = false;
  /** Whether it sleeps because it must not take, not because there is nothing. */
  #starved = false;
  #wakeUp: (() => void) | undefined;
  #running: Promise<void> | undefined;

  constructor(port: ConsumerPort, options: ResolvedConsumeOptions) {
    this.#port = port;
    this.#queues = [...options.queues];
    this.#prefetch = options.prefetch;
    this.#noAck = options.noAck;
    this.#onDeliveries = options.onDeliveries;
    this.onCancelled = options.onCancelled;
  }

  get queues(): readonly string[] {
    return this.#queues;
  }

  get prefetch(): number {
    return this.#prefetch;
  }

  get unacked(): number {
    return this.#unacked;
  }

  get paused(): boolean {
    return this.#paused;
  }

  get cancelled(): boolean {
    return this.#cancelling !== undefined;
  }

  get lastPollAt(): number {
    return this.#lastPollAt;
  }

  /** Registers the queues with the transport and starts the loop. */
  async start(): Promise<void> {
    const begun: string[] = [];
    try {
      for (const queue of this.#queues) {
        await this.#port.begin(queue);
        begun.push(queue);
      }
    } catch (error) {
      for (const queue of begun) await this.#port.end(queue);
      throw error;
    }
    // Whoever called has the consumer before its first messages.
    this.#running = nextTurn().then(() => this.#run());
  }

  async setPrefetch(prefetch: number): Promise<void> {
    checkPrefetch(prefetch);
    this.#prefetch = prefetch;
    this.wake();
  }

  async addQueue(queue: string): Promise<void> {
    if (this.#queues.includes(queue) || this.cancelled) return;
    await this.#port.begin(queue);
    this.#queues.push(queue);
    this.wake();
  }

  async cancelQueue(queue: string): Promise<void> {
    if (!this.#queues.includes(queue)) return;
    this.#queues = this.#queues.filter((name) => name !== queue);
    await this.#port.end(queue);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.wake();
  }

  cancel(): Promise<void> {
    this.#cancelling ??= this.#cancel();
    return this.#cancelling;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.cancel();
  }

  async proveConsumption(options: ProveOptions = {}): Promise<void> {
    const { timeout = 30 } = options;
    if (this.cancelled) throw new ConsumerStalledError('the consumer was cancelled');
    if (!this.#port.connected) throw new ConsumerStalledError('the broker is away');
    const { promise, stop } = deadline(timeout, `the broker did not answer a poll within ${timeout} s`);
    try {
      await Promise.race([promise, this.#mayTake() ? this.#nextPoll() : this.#probe()]);
    } catch (error) {
      if (error instanceof ConsumerStalledError) throw error;
      throw new ConsumerStalledError(`the broker refused a poll: ${(error as Error).message}`, {
        cause: error,
      });
    } finally {
      stop();
    }
  }

  /** There may be something to take, or room to take it. */
  wake(): void {
    this.#woken = true;
    const wakeUp = this.#wakeUp;
    this.#wakeUp = undefined;
    wakeUp?.();
  }

  /** One of its deliveries was settled. Waking it is up to the caller, once for many. */
  settled(): void {
    this.#unacked -= 1;
  }

  /** Whether it sleeps for want of room and has some: worth a `wake`. */
  get hungry(): boolean {
    return this.#starved && this.#mayTake();
  }

  #free(): number {
    const { maxBatch } = this.#port;
    if (this.#prefetch === 0 || this.#noAck) return maxBatch;
    return Math.min(maxBatch, this.#prefetch - this.#unacked);
  }

  #mayTake(): boolean {
    return !this.#paused && this.#queues.length > 0 && this.#port.connected && this.#free() > 0;
  }

  async #run(): Promise<void> {
    while (!this.cancelled) {
      this.#woken = false;
      if (!this.#mayTake()) {
        this.#starved = true;
        await this.#sleep();
        this.#starved = false;
        continue;
      }
      const queues = this.#queuesInTurn();
      let armed = false;
      const request: TakeRequest = {
        queues,
        max: this.#free(),
        consumerTag: this.tag,
        signal: this.#abort.signal,
        armed: () => {
          armed = true;
        },
      };
      const taken = await this.#port.take(request, this.#noAck);
      if (taken === undefined) {
        this.#pollFailed('the broker refused a poll');
        if (!this.cancelled) await this.#sleep();
        continue;
      }
      this.#polled();
      if (taken.length > 0) {
        this.#turn += 1;
        this.#hand(taken);
        // What this turn acks makes room for a larger next batch, and the rest of the program gets its turn.
        await nextTurn();
        if (armed && !this.cancelled) await this.#sleep();
      } else if (!this.cancelled && (armed || !(await this.#port.arm(queues)))) {
        await this.#sleep();
      }
    }
  }

  #hand(taken: Delivery[]): void {
    const deaf = this.#paused || this.cancelled;
    const wanted = deaf ? [] : this.#wanted(taken);
    this.#unacked += taken.length;
    if (wanted.length < taken.length) {
      const given = new Set(wanted);
      this.#port.release(taken.filter((delivery) => !given.has(delivery)));
    }
    if (wanted.length === 0) return;
    if (this.#noAck) this.#port.forget(wanted);
    try {
      this.#onDeliveries(wanted);
    } catch (error) {
      // An error of the program, not of the transport: it must surface, and the loop must go on.
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  /** All, but for what came from a queue that was cancelled meanwhile. */
  #wanted(taken: Delivery[]): Delivery[] {
    const queues = this.#queues;
    for (const { queue } of taken) {
      if (!queues.includes(queue)) return taken.filter((delivery) => queues.includes(delivery.queue));
    }
    return taken;
  }

  #queuesInTurn(): readonly string[] {
    const queues = this.#queues;
    if (queues.length < 2) return queues;
    const start = this.#turn % queues.length;
    return [...queues.slice(start), ...queues.slice(0, start)];
  }

  #polled(): void {
    this.#lastPollAt = performance.now();
    const polls = this.#polls;
    if (polls.length === 0) return;
    this.#polls = [];
    for (const { resolve } of polls) resolve();
  }

  #pollFailed(why: string): void {
    const polls = this.#polls;
    this.#polls = [];
    for (const { reject } of polls) reject(new ConsumerStalledError(why));
  }

  #nextPoll(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#polls.push({ resolve, reject });
      this.wake();
    });
  }

  /** A consumer that must not take can still ask. */
  async #probe(): Promise<void> {
    await this.#port.probe(this.#queues);
    this.#polled();
  }

  #sleep(): Promise<void> {
    if (this.#woken) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wakeUp = resolve;
    });
  }

  async #cancel(): Promise<void> {
    this.#abort.abort();
    this.wake();
    await this.#running;
    this.#pollFailed('the consumer was cancelled');
    const queues = this.#queues;
    this.#queues = [];
    for (const queue of queues) await this.#port.end(queue);
    this.#port.ended(this);
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function deadline(seconds: number, message: string): { promise: Promise<never>; stop: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const promise = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new ConsumerStalledError(message)), seconds * 1000);
  });
  return { promise, stop: () => clearTimeout(timer) };
}
